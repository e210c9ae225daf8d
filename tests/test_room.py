"""What a test calls finds room in one block of memory, wherever its frames come to lie."""

import inspect
import resource
import sys
from threading import Thread

import pytest

from tests.room import SLOTS, with_room

CALLS, DEPTHS = 300, 400


def call_at_each_depth(depth=0):
    """Call a function many times from each depth: at an edge between blocks each call would map one."""
    for _call in range(CALLS):
        leaf()
    if depth < DEPTHS:
        call_at_each_depth(depth + 1)


def leaf():
    return None


def page_faults_of(function):
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    function()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


@with_room
def in_a_block_of_its_own():
    call_at_each_depth()


def test_calls_in_a_block_of_their_own_map_no_memory():
    # A recursion this deep touches a page of memory for every few frames, once.
    assert page_faults_of(in_a_block_of_its_own) < CALLS


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="later versions of Python keep a block")
def test_without_room_they_do():
    """The control, in a thread whose frames begin in blocks of 16 KiB."""
    faults = []
    thread = Thread(target=lambda: faults.append(page_faults_of(call_at_each_depth)))
    thread.start()
    thread.join()
    assert faults[0] > CALLS


def test_a_test_is_given_room():
    assert any(frame.frame.f_code.co_stacksize == SLOTS for frame in inspect.stack())
