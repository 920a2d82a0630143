"""The three vendors' batch interfaces, standard library only. usage: batch_server.py PORT LOG STALL

Each question is `case N`. On its first submission N % 7 == 3 expires and N % 7 == 5 meets a server's
error; N % 11 == 6 is always refused as invalid. Results come in a shuffled order after a few polls.
The first creation of a batch is answered 429. Creation number STALL is done, and never answered.
LOG gets one line a submitted question: the vendor, N, the batch.
"""
import http.server, json, random, re, sys, threading, time

PORT, LOG, STALL = int(sys.argv[1]), open(sys.argv[2], "a", buffering=1), int(sys.argv[3])
LOCK, RNG = threading.Lock(), random.Random(7)
FILES, BATCHES, SEEN, CREATED = {}, {}, {}, [0]


def case(body):
    return int(re.search(r"case (\d+)", json.dumps(body))[1])


def fate(vendor, key, number):
    """What becomes of a question: ok, expired, error or invalid."""
    first = SEEN.setdefault((vendor, key), 0) == 0
    SEEN[vendor, key] += 1
    if number % 11 == 6: return "invalid"
    if first and number % 7 == 3: return "expired"
    if first and number % 7 == 5: return "error"
    return "ok"


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def send(self, value, status=200, **headers):
        out = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, text in headers.items(): self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def create(self, vendor, items):
        """Takes a batch; None when it was turned away or left without an answer."""
        with LOCK:
            CREATED[0] += 1
            count = CREATED[0]
            if count == 1:
                self.send({"error": {"message": "slow down"}}, 429, retry_after="0.05")
                return None
            name = f"{vendor}-{count}"
            lines = []
            for key, body in items:
                number = case(body)
                LOG.write(f"{vendor} {number} {name}\n")
                lines.append((key, number, fate(vendor, key, number)))
            BATCHES[name] = {"lines": lines, "polls": 0}
        if count == STALL: time.sleep(20)
        return name

    def poll(self, name):
        batch = BATCHES[name]
        batch["polls"] += 1
        return batch["polls"] > 2, batch["lines"]

    def mixed(self, lines):
        lines = list(lines)
        RNG.shuffle(lines)
        return lines

    def do_POST(self):
        path, raw = self.path, self.body()
        if path == "/openai/v1/files":
            assert b'name="purpose"\r\n\r\nbatch\r\n' in raw
            text = raw.split(b"application/jsonl\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
            name = f"file-{len(FILES)}"
            FILES[name] = [json.loads(line) for line in text.splitlines()]
            self.send({"id": name, "object": "file"})
        elif path == "/openai/v1/batches":
            asked = json.loads(raw)
            lines = FILES[asked["input_file_id"]]
            assert all(l["method"] == "POST" and l["url"] == asked["endpoint"] for l in lines)
            name = self.create("openai", [(l["custom_id"], l["body"]) for l in lines])
            if name: self.send({"id": name, "status": "validating"})
        elif path == "/anthropic/v1/messages/batches":
            assert self.headers["anthropic-version"] and self.headers["x-api-key"]
            items = json.loads(raw)["requests"]
            assert all("max_tokens" in i["params"] for i in items)
            name = self.create("anthropic", [(i["custom_id"], i["params"]) for i in items])
            if name: self.send({"id": name, "processing_status": "in_progress", "results_url": None})
        elif path.endswith(":batchGenerateContent"):
            config = json.loads(raw)["batch"]["inputConfig"]
            file = config.get("fileName")
            items = ([(l["key"], l["request"]) for l in FILES[file]] if file else
                     [(r["metadata"]["key"], r["request"]) for r in config["requests"]["requests"]])
            name = self.create("gemini", items)
            if name:
                BATCHES[name]["file"] = bool(file)
                self.send({"name": f"batches/{name}", "metadata": {"state": "BATCH_STATE_PENDING"}})
        elif path == "/upload/gemini/v1beta/files":
            assert self.headers["x-goog-upload-command"] == "start"
            self.send({}, X_Goog_Upload_URL=f"http://127.0.0.1:{PORT}/put/{len(FILES)}")
        elif path.startswith("/put/"):
            assert self.headers["x-goog-upload-command"] == "upload, finalize"
            assert int(self.headers["content-length"]) == len(raw)
            name = f"files/{len(FILES)}"
            FILES[name] = [json.loads(line) for line in raw.splitlines()]
            self.send({"file": {"name": name, "state": "ACTIVE"}})
        else:
            self.send({"error": {"message": path}}, 404)

    def do_GET(self):
        path = self.path
        if m := re.fullmatch(r"/openai/v1/batches/(.+)", path):
            done, lines = self.poll(m[1])
            expired = any(l[2] == "expired" for l in lines)
            status = "expired" if expired else "completed"
            self.send({"id": m[1], "status": status if done else "in_progress",
                       "output_file_id": m[1] + "-out" if done else None,
                       "error_file_id": m[1] + "-err" if done else None})
        elif m := re.fullmatch(r"/openai/v1/files/(.+)-(out|err)/content", path):
            self.send(self.openai(self.mixed(BATCHES[m[1]]["lines"]), m[2]))
        elif m := re.fullmatch(r"/anthropic/v1/messages/batches/(.+)/results", path):
            self.send(self.anthropic(self.mixed(BATCHES[m[1]]["lines"])))
        elif m := re.fullmatch(r"/anthropic/v1/messages/batches/(.+)", path):
            done, _ = self.poll(m[1])
            self.send({"id": m[1], "processing_status": "ended" if done else "in_progress"})
        elif m := re.fullmatch(r"/gemini/v1beta/batches/(.+)", path):
            done, lines = self.poll(m[1])
            out = {"name": f"batches/{m[1]}", "metadata": {
                "state": "BATCH_STATE_SUCCEEDED" if done else "BATCH_STATE_RUNNING"}}
            if done and BATCHES[m[1]].get("file"):
                out["metadata"]["output"] = {"responsesFile": f"files/{m[1]}"}
            elif done:
                out |= {"done": True, "response": {"inlinedResponses": {"inlinedResponses": [
                    {k: v for k, v in l.items() if k != "key"} | {"metadata": {"key": l["key"]}}
                    for l in self.gemini(lines)]}}}
            self.send(out)
        elif m := re.fullmatch(r"/download/gemini/v1beta/files/(.+):download\?alt=media", path):
            lines = self.gemini(self.mixed(BATCHES[m[1]]["lines"]))
            self.send("\n".join(json.dumps(l) for l in lines).encode())
        else:
            self.send({"error": {"message": path}}, 404)

    @staticmethod
    def openai(lines, which):
        out = []
        for key, number, fate in lines:
            reply = {"status": "completed", "model": "gpt-4o", "output": [{"type": "message", "content": [
                {"type": "output_text", "text": f"answer {number}"}]}],
                "usage": {"input_tokens": 100, "output_tokens": 10}}
            row = {"id": "b", "custom_id": key, "response": None, "error": None}
            if fate == "ok": row["response"] = {"status_code": 200, "body": reply}
            elif fate == "expired": row["error"] = {"code": "batch_expired", "message": "m"}
            else: row["response"] = {"status_code": 400 if fate == "invalid" else 500,
                                     "body": {"error": {"message": fate, "type": fate}}}
            if (fate == "ok") == (which == "out"): out.append(json.dumps(row))
        return "\n".join(out).encode()

    @staticmethod
    def anthropic(lines):
        out = []
        for key, number, fate in lines:
            message = {"type": "message", "model": "claude-haiku-4-5", "stop_reason": "end_turn",
                       "content": [{"type": "text", "text": f"answer {number}"}],
                       "usage": {"input_tokens": 100, "output_tokens": 10}}
            kind = {"error": "api_error", "invalid": "invalid_request_error"}.get(fate)
            result = ({"type": "succeeded", "message": message} if fate == "ok" else
                      {"type": "expired"} if fate == "expired" else
                      {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": "m"}}})
            out.append(json.dumps({"custom_id": key, "result": result}))
        return "\n".join(out).encode()

    @staticmethod
    def gemini(lines):
        for key, number, fate in lines:
            reply = {"candidates": [{"content": {"parts": [{"text": f"answer {number}"}]},
                                     "finishReason": "STOP"}], "modelVersion": "gemini-3.8-flash",
                     "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10}}
            if fate == "ok": yield {"key": key, "response": reply}
            else: yield {"key": key, "error": {
                "code": 400 if fate == "invalid" else 503, "message": fate}}

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Server).serve_forever()
