"""A hostile server, standard library only. usage: fault_server.py PORT SEED LOG RATE

Speaks Chat Completions to whoever asks, and misbehaves in seeded random order. LOG gets one line a
request: the case, the fault, and whether a whole good reply was delivered. The case is the text
`case N` in the prompt. RATE is the part of requests that go wrong.
"""
import gzip, json, random, re, socket, struct, sys, threading

PORT, SEED, LOG, RATE = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "a", buffering=1), float(sys.argv[4])
LOCK, RNG = threading.Lock(), random.Random(SEED)
LIGHT = ["429", "429-ms", "500", "502", "503", "529", "408", "409", "reset", "reset-mid", "short",
         "empty", "html", "error-200", "half-json", "no-choices", "bad-utf8", "wrong-type",
         "stream-cut", "stream-bad", "stream-error", "bad-chunk", "close"]
HEAVY = ["bomb", "endless", "deep", "headers", "stall", "drip", "events"]


def head(status, kind="application/json", extra=""):
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{extra}".encode()


def whole(status, body, kind="application/json", extra=""):
    return head(status, kind, extra) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def good(case):
    return json.dumps({"id": "x", "model": "m", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": f"answer {case}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10}}).encode()


def events(case, cut=None, bad=False, error=False):
    parts = [{"model": "m", "choices": [{"index": 0, "delta": {"content": "answer "}}]},
             {"choices": [{"index": 0, "delta": {"content": case}}]},
             {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
             {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}]
    out = [b"data: " + json.dumps(p).encode() + b"\n\n" for p in parts] + [b"data: [DONE]\n\n"]
    if bad: out[1] = b'data: {"choices": [\n\n'
    if error: out[1] = b'data: {"error": {"message": "overloaded", "type": "overloaded_error"}}\n\n'
    return out[:cut]


def chunked(parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def stream(body):
    return head(200, "text/event-stream", "Transfer-Encoding: chunked\r\n") + b"\r\n" + body


def play(fault, case, c, pause):
    """Sends a reply; returns whether it was good and whole, and whether the connection lives on."""
    if fault is None:
        streamed = pause.random() < 0.3
        c.sendall(stream(chunked(events(case))) if streamed else whole(200, good(case)))
        return True, True
    err = b'{"error":{"message":"try again"}}'
    if fault == "429": c.sendall(whole(429, err, extra="Retry-After: 0.01\r\n")); return False, True
    if fault == "429-ms": c.sendall(whole(429, err, extra="retry-after-ms: 5\r\n")); return False, True
    if fault in ("500", "502", "503", "529", "408", "409"): c.sendall(whole(fault, err)); return False, True
    if fault == "reset":
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); return False, False
    if fault == "reset-mid":
        c.sendall(head(200) + b"Content-Length: 999\r\n\r\n" + good(case)[:40])
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); return False, False
    if fault == "short": c.sendall(head(200) + b"Content-Length: 9999\r\n\r\n" + good(case)); return False, False
    if fault == "empty": c.sendall(whole(200, b"")); return False, True
    if fault == "html": c.sendall(whole(200, b"<html>hello</html>", "text/html")); return False, True
    if fault == "error-200": c.sendall(whole(200, b'{"error":{"message":"busy","code":503}}')); return False, True
    if fault == "half-json": c.sendall(whole(200, good(case)[:60])); return False, True
    if fault == "no-choices": c.sendall(whole(200, b'{"object":"list"}')); return False, True
    if fault == "bad-utf8": c.sendall(whole(200, good(case).replace(b"answer", b"\xff\xfe\xc3"))); return False, True
    if fault == "wrong-type": c.sendall(whole(200, b"\x89PNG\r\n\x1a\n" * 10, "text/event-stream")); return False, True
    if fault == "stream-cut": c.sendall(stream(chunked(events(case, cut=2)))); return False, True
    if fault == "stream-bad": c.sendall(stream(chunked(events(case, bad=True)))); return False, True
    if fault == "stream-error": c.sendall(stream(chunked(events(case, error=True)))); return False, True
    if fault == "bad-chunk": c.sendall(stream(b"zz\r\nhello\r\n")); return False, False
    if fault == "close": return False, False
    if fault == "bomb":
        c.sendall(whole(200, gzip.compress(b" " * (256 << 20), 9) if not BOMB else BOMB[0], extra="Content-Encoding: gzip\r\n")); return False, True
    if fault == "endless":
        c.sendall(head(200) + b"\r\n")
        for _ in range(4096): c.sendall(b" " * 65536)
        return False, False
    if fault == "deep": c.sendall(whole(200, b"[" * 500_000)); return False, True
    if fault == "headers":
        c.sendall(head(200, extra="".join(f"X-{i}: {'y' * 1000}\r\n" for i in range(2000))) + b"Content-Length: 2\r\n\r\n{}"); return False, False
    if fault == "stall": c.sendall(head(200) + b"Content-Length: 50\r\n\r\n{"); threading.Event().wait(5); return False, False
    if fault == "drip":
        c.sendall(head(200) + b"Content-Length: 100000\r\n\r\n")
        for _ in range(100): c.sendall(b" "); threading.Event().wait(0.1)
        return False, False
    if fault == "events":
        c.sendall(stream(b""))
        for _ in range(4096): c.sendall(b"10000\r\n" + b"data: " + b"x" * 65530 + b"\r\n")
        return False, False


BOMB = []


def read(c):
    data = b""
    while b"\r\n\r\n" not in data:
        more = c.recv(65536)
        if not more: return None
        data += more
    top, _, body = data.partition(b"\r\n\r\n")
    if b"100-continue" in top.lower(): c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    m = re.search(rb"content-length: *(\d+)", top, re.I)
    while len(body) < int(m[1]):
        more = c.recv(65536)
        if not more: return None
        body += more
    return body


def serve(c):
    try:
        while True:
            body = read(c)
            if body is None: break
            case = re.search(rb"case (\d+)", body)[1].decode()
            with LOCK:
                pick = RNG.random()
                fault = None if pick > RATE else RNG.choice(HEAVY) if pick < RATE * 0.02 else RNG.choice(LIGHT)
            ok, alive = False, False
            try: ok, alive = play(fault, case, c, RNG)
            except OSError: pass
            with LOCK: LOG.write(f"{case} {fault or 'good'} {int(ok)}\n")
            if not alive: break
    except OSError: pass
    finally: c.close()


BOMB.append(gzip.compress(b" " * (256 << 20), 1))
s = socket.create_server(("127.0.0.1", PORT), backlog=256)
while True:
    c, _ = s.accept()
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(c,), daemon=True).start()
