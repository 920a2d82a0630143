"""Tells what it was sent. usage: echo_server.py PORT

Replies to POST with a chat completion whose text is JSON: the headers, the body's length and its
SHA-256. Standard library only.
"""
import hashlib, http.server, json, sys


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.headers.get("transfer-encoding", "").strip() == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        told = {"headers": {k.lower(): v for k, v in self.headers.items() if k.lower() != "authorization"},
                "length": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        out = json.dumps({"model": "m", "choices": [{"message": {"content": json.dumps(told)},
                                                     "finish_reason": "stop"}]}).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(out) + out)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
