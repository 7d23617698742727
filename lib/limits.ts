/**
 * Every bound that is not a setting, in one place, units in the name. What an operator may change is
 * in `config.ts`.
 *
 * @module
 */

/** Code points of a username after NFC. */
export const NAME_CODE_POINTS_MAX = 32;

/** UTF-8 bytes of a name of a user or a room. */
export const NAME_BYTES_MAX = 128;

/** Code points of a room's name, and of a key (NFKC may lengthen a name). */
export const KEY_CODE_POINTS_MAX = 64;

/** Characters of a client's own key: 128 bits in base64url are 22. */
export const CLIENT_KEY_CHARS_MIN = 22, CLIENT_KEY_CHARS_MAX = 512;

/** Combining marks on one base character; Thai and Vietnamese need 2, Hebrew and Arabic up to 4. */
export const MARKS_PER_BASE_MAX = 4;

/** How often waiting readers are looked at again, in milliseconds. */
export const WAITING_SWEEP_MS = 100;

/** Sockets, streams and polls above the limits that are being told so; beyond these, HTTP 503 before the upgrade. */
export const REFUSED_SOCKETS_MAX = 1000;

/** The same, of one address. */
export const REFUSED_SOCKETS_PER_IP_MAX = 20;

/** Users or addresses of which a rate limiter remembers that they are in debt. */
export const RATE_LIMITER_KEYS_MAX = 100_000;

/** Characters of a request's value that a log line or a problem's detail repeats. */
export const ECHOED_CHARS_MAX = 200;

/** How long after its upgrade is answered a socket may take to open, in milliseconds. */
export const UPGRADE_MS_MAX = 5000;

/** How long a peer must be silent before its close frame is sent, in milliseconds. */
export const CLOSE_ROUND_MS = 20;

/** How often that is waited for. */
export const CLOSE_ROUNDS_MAX = 50;

/** Newest entries of a watched channel that are kept in memory. */
export const RING_ENTRIES_MAX = 1024;

/** The same in bytes, at two a UTF-16 code unit. */
export const RING_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes of all channels' entries in memory together. */
export const RINGS_TOTAL_BYTES_MAX = 64 * 1024 * 1024;

/** What an entry in memory is counted with beside its texts, in bytes. */
export const RING_ENTRY_OVERHEAD_BYTES = 256;

/** Bytes of bodies after which a page of entries ends; in memory, UTF-16 code units stand for them. */
export const PAGE_BYTES_MAX = 256 * 1024;

/** How long an entry's `ref` is known at the least, however little history is retained, in milliseconds. */
export const REF_KNOWN_MS_MIN = 10 * 60 * 1000;

/** Epochs that a store remembers; positions of older ones are not resumed. */
export const EPOCHS_MAX = 4096;

/** Entries that one step of retention deletes. */
export const RETENTION_STEP_ENTRIES = 256;

/** Authors whose numbers in the store are known without a look. */
export const AUTHORS_KNOWN_MAX = 10_000;

/** Between two steps of retention while there is something to delete, in milliseconds. */
export const RETENTION_STEP_MS = 20;

/** How often retention looks for something to delete, in milliseconds. */
export const RETENTION_MS = 60 * 1000;

/** How long a deleted body may still stand in the store's files, in milliseconds. */
export const WIPE_MS = 5000;

/** The first wait before a store that failed is tried again, in milliseconds; each further one is twice as long. */
export const STORE_RETRY_MS_MIN = 250;

/** The longest such wait, in milliseconds. */
export const STORE_RETRY_MS_MAX = 5000;

/** Code points of a client's `ref`. */
export const REF_CHARS_MAX = 64;

/** Entries of one page of history. */
export const HISTORY_PAGE_MAX = 200;

/** Entries of a page where the client names no number. */
export const HISTORY_PAGE_DEFAULT = 50;

/** Entries that one search through an inbox for one conversation looks at. */
export const HISTORY_SCAN_MAX = 2000;

/** Entries of one frame. */
export const FRAME_ENTRIES_MAX = 200;

/** UTF-16 code units of one frame of events; a single event may be longer. */
export const FRAME_CHARS_MAX = 256 * 1024;

/** Channels in a client's cursor: the rooms of a connection and its inbox. */
export const CURSOR_CHANNELS_MAX = 129;

/** Characters of a client's cursor. */
export const CURSOR_CHARS_MAX = 60_000;

/** Readers that are served in one turn of the event loop, so that one round does not grow the allocator. */
export const FLUSH_SLICE_READERS = 120;

/** Messages of a client that wait while its session is being opened. */
export const OPENING_MESSAGES_MAX = 64;

/** Joins, pages of history, deletions and tokens that one session may have under way. */
export const PENDING_ANSWERS_MAX = 4;

/** Commands in a row that are none, before the session ends. */
export const BAD_COMMANDS_MAX = 10;

/** Milliseconds between two presence events of a room. */
export const PRESENCE_INTERVAL_MS = 250;

/** Milliseconds before it shows that a user has left. */
export const PRESENCE_GRACE_MS = 5000;

/** Users of a room above which presence tells only their number. */
export const PRESENCE_USERS_MAX = 200;

/** Typing events of one user in a second, and at once. */
export const TYPING_PER_SECOND = 1, TYPING_BURST = 3;

/** Milliseconds until a read that the store could not serve is tried again. */
export const READ_RETRY_MS = 1000;

// Token mode.

/** Characters of a token; longer ones are not looked into. */
export const TOKEN_CHARS_MAX = 8192;

/** Rooms or globs that a token may name. */
export const TOKEN_ROOMS_MAX = 256;

/** UTF-16 code units of one of them. */
export const TOKEN_ROOM_CHARS_MAX = 128;

/** The end of the year 9999: an `exp` beyond it was meant in milliseconds, and would never come. */
export const TOKEN_EXP_SECONDS_MAX = 253_402_300_799;

/** Bytes of the secret that tokens are signed with (RFC 7518, section 3.2). */
export const AUTH_SECRET_BYTES_MIN = 32;

/** Bytes of a provider's answer with its keys. */
export const JWKS_BYTES_MAX = 256 * 1024;

/** Keys of a provider. */
export const JWKS_KEYS_MAX = 100;

/** How long a provider may take to send its keys, in milliseconds. */
export const JWKS_TIMEOUT_MS = 5000;

/** After what time a provider is asked for its keys again, in milliseconds. */
export const JWKS_FRESH_MS = 10 * 60 * 1000;

/** Between two times that a provider is asked, whoever makes us ask, in milliseconds. */
export const JWKS_COOLDOWN_MS = 30 * 1000;

/** Milliseconds between two looks for tokens that have expired. */
export const EXPIRY_SWEEP_MS = 1000;

// Any mode.

/** Copies of a direct message that one deletion looks for: there are two. */
export const COPIES_MAX = 4;

/** Messages that one step of erasing a person deletes. */
export const ERASE_STEP_MESSAGES = 500;

/** Rooms that one address may join, and pages of history that it may read, for each name that it may claim. */
export const WORK_PER_CLAIM = 32;

/** Readers that are asked to come back within a second when the server ends. */
export const RECONNECTS_PER_SECOND = 500;

/** Rooms of one page of all rooms. */
export const ROOMS_PAGE_MAX = 1000;

/** Milliseconds within which the body of a request must have come. */
export const REQUEST_BODY_MS_MAX = 10_000;

/** Turns of the event loop that the end of the server leaves to what was said before it. */
export const DRAIN_TURNS = 20;

/** Milliseconds for which somebody who polls is shown as present after the last poll. */
export const POLL_PRESENCE_MS = 30_000;

/** The longest wait of a poll, and that of one that names none, in seconds. */
export const POLL_SECONDS_MAX = 55, POLL_SECONDS_DEFAULT = 25;

/** Milliseconds for which a poll waits for entries that are there, but not in memory. */
export const STORE_WAIT_MS = 5000;

/** Milliseconds between two comment lines in a stream of server-sent events. */
export const STREAM_COMMENT_MS = 15_000;

/** How often erasing a person looks for what was said while it went on. */
export const ERASE_PASSES_MAX = 10;

/** Milliseconds for which a name that was read under without a key is no new one to its address. */
export const VISIT_MS = 60_000;

// The log.

/** Lines that the log is told of refusals for one cause within {@linkcode REFUSAL_LINES_MS}. */
export const REFUSAL_LINES_MAX = 5;

/** Milliseconds after which a cause of refusals has its lines again. */
export const REFUSAL_LINES_MS = 10_000;

/** Characters of a request's id that a proxy has given. */
export const REQUEST_ID_CHARS_MAX = 64;

// Metrics.

/** Milliseconds between two looks at how late the event loop is. */
export const EVENT_LOOP_SAMPLE_MS = 100;

// The transport `frames`.

/** Bytes of a buffer that frames are encoded into, one behind the other. */
export const FRAME_SLAB_BYTES = 256 * 1024;

/** Bytes that a socket is given at once. */
export const SOCKET_WRITE_BYTES_MAX = 64 * 1024;

/** Unsent bytes of a socket above which only the last of its pings is answered. */
export const PONG_UNSENT_BYTES_MAX = 4096;

/** Milliseconds between two looks at all sockets. */
export const SOCKET_SWEEP_MS = 1000;

/** Seconds that a peer has to end after a close frame or a refused handshake, and to take the last part of a stream. */
export const CLOSE_SECONDS_MAX = 5;

/** Fragments of a message, its first included. */
export const MESSAGE_FRAGMENTS_MAX = 65_536;

/** Milliseconds within which the head of a request must have come. */
export const REQUEST_HEAD_MS_MAX = 10_000;

/** Bytes of the head of a request. */
export const REQUEST_HEAD_BYTES_MAX = 16 * 1024;

/** Milliseconds within which a request must have come with its body; the routes give up earlier. */
export const REQUEST_MS_MAX = 30_000;

/** Milliseconds for which a connection may wait for its next request; longer than a proxy lets it. */
export const KEEP_ALIVE_MS = 75_000;

/** Messages of one chunk that a socket reads in one turn of the event loop. */
export const READ_MESSAGES_MAX = 4;

/** Pings of one chunk that a socket reads in one turn of the event loop. */
export const READ_PINGS_MAX = 64;

/** Turns of the event loop between the last message that is heard and the close of all sockets. */
export const CLOSE_ALL_TURNS = 5;

// Redis.

/** Milliseconds from the beginning of one batch of appends to that of the next, so that batches fill under load. */
export const BATCH_MS = 8;

/** Entries of one batch, and UTF-16 code units of their bodies; what is paid for together stays together. */
export const BATCH_ENTRIES_MAX = 256, BATCH_CHARS_MAX = 1024 * 1024;

/** Appends that wait for the store, and UTF-16 code units of their bodies; beyond these it is out of reach. */
export const APPENDS_WAITING_MAX = 20_000, APPENDS_WAITING_CHARS_MAX = 32 * 1024 * 1024;

/** Milliseconds after which an append is out of reach. */
export const APPEND_MS_MAX = 4500;

/** Milliseconds until a batch that failed is tried again, while the store seems to be in reach. */
export const BATCH_RETRY_MS = 250;

/** Milliseconds that Redis has for an answer, and for a connection with all that belongs to it. */
export const REDIS_ANSWER_MS = 3000, REDIS_CONNECT_MS = 3000;

/** The first wait before Redis is connected to again, and the longest, in milliseconds. */
export const REDIS_RETRY_MS_MIN = 50, REDIS_RETRY_MS_MAX = 1000;

/** How often it is seen whether both connections to Redis still carry, in milliseconds. */
export const REDIS_PULSE_MS = 1000;

/** Milliseconds for which a hole in what Redis publishes may fill by itself. */
export const HOLE_MS = 100;

/** Entries that wait behind a hole; beyond these the hole is filled from the store. */
export const BEHIND_HOLE_MAX = 1024;

/** How often the heads of watched channels are compared with the store, in milliseconds. */
export const COMPARE_MS = 5000;

/** Channels of one comparison. */
export const COMPARE_CHANNELS = 500;

/** Milliseconds for which a channel stays subscribed when nobody watches it any more. */
export const UNWATCH_MS = 5000;

/** Milliseconds by which the clocks of an instance and of Redis may count a user's messages apart. */
export const TOLL_SLACK_MS = 100;

/** Milliseconds for which what an instance holds outlives its last beat, and those from one beat to the next. */
export const LEASE_MS = 7500, BEAT_MS = 2500;

/** Beats of the others that an instance may miss before its users are shown as gone. */
export const BEATS_MISSED_MAX = 2;

/** Milliseconds for which a name without a key outlives its lease: Redis itself may have been away for a while. */
export const LEASE_SLACK_MS = 5000;

/** Milliseconds for which changes of names and presence gather before they are told to Redis. */
export const TELL_MS = 50;

/** Milliseconds for which a claim that nothing uses any more is kept, so that the next use asks nobody. */
export const LINGER_MS = 2000;

/** Milliseconds that other instances have to say how many sockets, streams and polls they have closed. */
export const PUT_OUT_MS = 2000;

/** Names and rooms that one step of clearing up after a dead instance takes. */
export const REAP_STEP = 200;

/** Users of one room, and names, of one message to Redis. */
export const TOLD_AT_ONCE_MAX = 1000;
