"""One who is compared, as `turns.ts` has it: a line of JSON who it is, then for every line a turn, its seconds of processor time and peak memory."""
import json
import re
import resource
import sys
import time


def peak():
    """In MiB; `ru_maxrss` is in bytes on macOS and else in KiB."""
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def take_turns(hello, turn):
    print(json.dumps(hello), flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        turn()
        print(json.dumps({"seconds": time.process_time() - began, "peak": peak()}), flush=True)
