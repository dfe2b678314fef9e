"""The process of a flow run that `serve` starts: it heeds the end of `serve` from its first moment on."""

import subprocess
import sys

import psutil

CHILD = """
import multiprocessing, os, sys
from nightdesk.flows.serve.flow_run_process import as_main_module_of_children
os.environ["NIGHTDESK_SERVED_BY"] = str(os.getpid())
as_main_module_of_children()
child = multiprocessing.get_context("spawn").Process(
    target=exec, args=("import os, time; print(os.getpid(), flush=True); time.sleep(600)",))
child.start()
sys.stdin.read()
"""


def test_a_process_that_serve_spawned_ends_with_it_before_any_flow_has_begun_in_it() -> None:
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=120)
