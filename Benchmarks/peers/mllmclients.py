"""Requests of 20 pictures of 100 kB, 64 at a time, to a server on this machine.

Run as a script, this file is the server (`serve PORT`) or a peer (`openai PORT COUNT AT FOLDER`).
"""

import asyncio
import atexit
import base64
import json
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

REPLY = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "normal", "refusal": None},
                 "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 10000, "completion_tokens": 5, "total_tokens": 10005}}).encode()
REPLY = (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
         % len(REPLY) + REPLY)


def pictures(folder):
    """20 PNG pictures of noise, about 100 kB each."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(1)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    for index in range(20):
        raw = b"".join(b"\0" + source.randbytes(318) for _ in range(318))
        (folder / f"s{index:02d}.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 318, 318, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b""))


async def handle(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"expect: 100-continue" in head:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            at = head.find(b"content-length:")
            left = int(head[at + 15:head.find(b"\r\n", at)])
            while left:
                data = await reader.read(min(left, 1 << 20))
                if not data:
                    return
                left -= len(data)
            writer.write(REPLY)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        pass
    finally:
        writer.close()


async def serve(port):
    server = await asyncio.start_server(handle, "127.0.0.1", port, limit=1 << 22, backlog=512)
    async with server:
        await server.serve_forever()


async def ask_openai(port, count, at, folder):
    import openai
    raw = [path.read_bytes() for path in sorted(Path(folder).glob("*.png"))]
    client = openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0, timeout=120)
    gate = asyncio.Semaphore(at)

    async def one():
        async with gate:
            await client.chat.completions.create(model="gpt-4o", max_tokens=64, messages=[
                {"role": "system", "content": "You are a radiologist."},
                {"role": "user", "content": [{"type": "image_url", "image_url": {
                    "url": "data:image/png;base64," + base64.b64encode(b).decode(),
                    "detail": "high"}} for b in raw] + [{"type": "text", "text": "Answer JSON."}]}])

    await one()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(count)])
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"ask": seconds, "ask-cpu": cpu, "ask-memory": peak_megabytes()}))


def peak_megabytes():
    """The most memory of this process alone, by the same measure as ours."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def works(ctx):
    from bench import Unavailable, Work
    count, at = (100, 64) if ctx.quick else (200, 64)
    folder, port, server = ctx.data / "slices", free_port(), []

    def setup():
        if not server:
            pictures(folder)
            server.append(subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), "serve", str(port)]))
            atexit.register(server[0].terminate)
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), 0.2).close()
                    return
                except OSError:
                    time.sleep(0.1)

    def peer(measure):
        def run():
            done = subprocess.run(
                [sys.executable, os.path.abspath(__file__), "openai", str(port), str(count),
                 str(at), str(folder)], capture_output=True, text=True)
            if done.returncode:
                raise Unavailable("openai: " + (done.stderr.strip().splitlines() or ["?"])[-1])
            return json.loads(done.stdout)[measure]
        return run

    # Targets are ratios to the SDK in the same run; the bound on processor time is absolute (5 ms a
    # request), so its ratio is only told.
    rows = [("ask", f"{count} requests of 20 pictures, {at} at a time (s)", 4),
            ("ask-cpu", f"processor time of {count} requests (s)", None),
            ("ask-memory", f"peak memory, {at} requests at a time (MB)", 5)]
    transports = [("", "URLSession")]
    if os.environ.get("ROENTGEN_BENCH_TRAITS") == "AsyncHTTPClient":
        transports.append(("-nio", "AsyncHTTPClient"))
    for suffix, transport in transports:
        for measure, name, target in rows:
            command = measure.replace("ask", "ask" + suffix, 1)
            yield Work(f"{name}, {transport}", ours=f"{command}\t{port}\t{count}\t{at}\t{folder}",
                       peers={"openai": peer(measure)}, target=target, setup=setup, rounds=3,
                       env={"ROENTGEN_BENCH": command})


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        try:
            import uvloop
            uvloop.install()
        except ImportError:
            pass
        asyncio.run(serve(int(sys.argv[2])))
    else:
        asyncio.run(ask_openai(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
