FROM docker.io/denoland/deno:2.9.6
WORKDIR /app
# Otherwise every start asks dl.deno.land for a newer Deno.
ENV DENO_NO_UPDATE_CHECK=1

# The dependencies, in a layer that changes only with them.
COPY deno.json deno.lock ./
RUN printf 'import "hono";\nimport "@std/http/etag";\nimport "@std/http/negotiation";\nimport "@std/http/status";\nimport "@std/crypto/timing-safe-equal";\nimport "jose";\nimport "prom-client";\nimport "redis";\nimport "zod";\n' > dependencies.ts \
  && deno install --frozen --entrypoint dependencies.ts \
  && rm dependencies.ts

COPY main.ts ./
COPY lib lib
COPY routes routes
COPY static static
# Fails where a dependency is missing above.
RUN deno install --frozen --cached-only --entrypoint main.ts

# The one place that is written to; the rest may be read-only.
RUN mkdir data && chown deno:deno data
VOLUME /app/data

USER deno
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD ["deno", "eval", "--no-config", "--no-lock", "Deno.env.set('NO_PROXY', '127.0.0.1'); const { ok } = await fetch(`http://127.0.0.1:${Deno.env.get('PORT') || 8000}/healthz`, { signal: AbortSignal.timeout(4000), redirect: 'manual' }); Deno.exit(ok ? 0 : 1)"]
CMD ["deno", "run", "--frozen", "--cached-only", "--v8-flags=--max-semi-space-size=4,--heap-growing-percent=125", "--allow-net", "--allow-read=static,data", "--allow-write=data", "--allow-env=HOST,PORT,TRANSPORT,DATABASE,DURABILITY,REDIS_URL,REDIS_PREFIX,AUTH,AUTH_SECRET,AUTH_JWKS_URL,AUTH_ISSUER,AUTH_AUDIENCE,API_KEY,METRICS_KEY,ALLOWED_ORIGINS,TRUST_PROXY,BODY_BYTES_MAX,ECHO_BYTES_MAX,MESSAGES_PER_SECOND,MESSAGES_BURST,CLAIMS_PER_MINUTE,CONNECTIONS_MAX,CONNECTIONS_PER_IP_MAX,ROOMS_PER_CONNECTION_MAX,ROOMS_MAX,SEND_BUFFER_BYTES_MAX,SEND_BUFFERS_TOTAL_BYTES_MAX,STALL_SECONDS,HISTORY_MESSAGES_MAX,HISTORY_DAYS,HISTORY_ON_JOIN,NAME_HOLD_SECONDS,PING_SECONDS,DRAIN_SECONDS,LOG,LOG_LEVEL,DENO_DEPLOYMENT_ID", "main.ts"]
