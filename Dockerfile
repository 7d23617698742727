FROM docker.io/denoland/deno:2.9.6
WORKDIR /app

# The dependencies, in a layer that changes only with them.
COPY deno.json deno.lock ./
RUN printf 'import "hono";\nimport "@std/http/etag";\nimport "@std/http/negotiation";\nimport "@std/http/status";\n' > dependencies.ts \
  && deno cache --frozen dependencies.ts \
  && rm dependencies.ts

COPY main.ts ./
COPY lib lib
COPY routes routes
COPY static static
# Fails where a dependency is missing above; also type-strips every module once, so that a start is quick.
RUN deno cache --frozen --cached-only main.ts

USER deno
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD ["deno", "eval", "const { ok } = await fetch(`http://127.0.0.1:${Deno.env.get('PORT') || 8000}/healthz`); Deno.exit(ok ? 0 : 1)"]
CMD ["deno", "run", "--frozen", "--cached-only", "--allow-net", "--allow-read=static", "--allow-env=HOST,PORT,ALLOWED_ORIGINS,TRUST_PROXY,BODY_BYTES_MAX,ECHO_BYTES_MAX,MESSAGES_PER_SECOND,MESSAGES_BURST,CONNECTIONS_MAX,CONNECTIONS_PER_IP_MAX,SEND_BUFFER_BYTES_MAX,STALL_SECONDS,PING_SECONDS,DRAIN_SECONDS,LOG", "main.ts"]
