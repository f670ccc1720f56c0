# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold of messages to users wherever they are shown from; test modules take these in by `import *`."""

from __future__ import annotations

import time

import pytest

from ansible_collections.officefleet.c2r.tests.windows.notice_program import NoticeProgram

__all__ = [
    "test_a_list_that_windows_refuses_is_an_error",
    "test_a_message_without_waiting",
    "test_answers",
    "test_closing_a_message_with_one_button_is_reading_it",
    "test_everybody_is_asked_at_a_time",
    "test_lengths_and_letters",
    "test_memory_is_given_back",
    "test_no_list_at_all",
    "test_only_active_users_are_asked",
    "test_structure_is_laid_out_as_in_windows",
    "test_styles",
    "test_windows_that_hangs_holds_nobody",
]

ANNA = "1;0;CONTOSO;anna;1;0;0\n"


def test_answers(notice: NoticeProgram) -> None:
    sessions = ANNA + "2;0;CONTOSO;john;2;0;0\n3;0;;local;0;0;0\n4;0;CONTOSO;mary;1;0;7022\n5;0;CONTOSO;kim;31998;0;0\n"
    outcome = notice.show(sessions, postpone=True)
    assert outcome.sessions == (
        r"1;CONTOSO\anna;active;ok;1;0",
        r"2;CONTOSO\john;active;postpone;2;0",
        "3;local;active;timeout;32000;0",
        r"4;CONTOSO\mary;active;failed;null;7022",
        r"5;CONTOSO\kim;active;failed;31998;0",
    )
    assert outcome.enumerated == ("enumerate 0 0 1",)


def test_closing_a_message_with_one_button_is_reading_it(notice: NoticeProgram) -> None:
    assert notice.show("1;0;CONTOSO;anna;2;0;0\n").sessions == (r"1;CONTOSO\anna;active;ok;2;0",)


def test_only_active_users_are_asked(notice: NoticeProgram) -> None:
    # services, sign-in screen, listener; a disconnected user; sessions whose user Windows does not tell
    others = "0;4;;;1;0;0\n2;1;;;1;0;0\n65536;6;;?;1;0;0\n"
    outcome = notice.show(f"9;4;CONTOSO;john;1;0;0\n{others}3;0;;?;1;0;0\n{ANNA}8;12;CONTOSO;kim;1;0;0\n")
    assert outcome.sessions == (
        r"1;CONTOSO\anna;active;ok;1;0",
        "3;null;active;failed;null;5",
        r"8;CONTOSO\kim;state_12;not_shown;null;0",
        r"9;CONTOSO\john;disconnected;not_shown;null;0",
    )
    assert [sent.session for sent in outcome.sent] == [1]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Office", "Save your work."),
        ("Büro", "Größe, 更新, \U0001f4be, two\nlines"),
        ("T" * 200, "x" * 1500),
    ],
    ids=["ASCII", "beyond the first plane", "long"],
)
def test_lengths_and_letters(notice: NoticeProgram, title: str, text: str) -> None:
    (sent,) = notice.show(ANNA, title=title, text=text, seconds=3).sent
    assert (sent.title, sent.text, sent.seconds, sent.wait) == (title, text, 3, True)


def test_styles(notice: NoticeProgram) -> None:
    (reading,) = notice.show(ANNA).sent
    (asking,) = notice.show(ANNA, postpone=True).sent
    # MB_OK, or MB_OKCANCEL with MB_DEFBUTTON2; always MB_ICONINFORMATION and MB_SETFOREGROUND
    assert (reading.style, asking.style) == (0x10040, 0x10141)


def test_a_message_without_waiting(notice: NoticeProgram) -> None:
    outcome = notice.show("1;0;CONTOSO;anna;0;0;0\n", seconds=3600, wait=False)
    assert outcome.sessions == (r"1;CONTOSO\anna;active;shown;32001;0",)
    assert [(sent.seconds, sent.wait) for sent in outcome.sent] == [(3600, False)]
    assert outcome.seconds < 1


def test_everybody_is_asked_at_a_time(notice: NoticeProgram) -> None:
    sessions = "".join(f"{number};0;CONTOSO;user{number};0;0;0\n" for number in range(1, 41))
    outcome = notice.show(sessions, seconds=2)
    assert {line.split(";")[3] for line in outcome.sessions} == {"timeout"}
    assert len(outcome.sent) == 40
    assert 1.8 < outcome.seconds < 4


def test_windows_that_hangs_holds_nobody(notice: NoticeProgram) -> None:
    start = time.monotonic()
    outcome = notice.show(f"{ANNA}2;0;CONTOSO;john;1460;30000;0\n", seconds=1)
    assert time.monotonic() - start < 20, "the process stayed for the thread that is still under way"
    assert outcome.sessions == (r"1;CONTOSO\anna;active;ok;1;0", r"2;CONTOSO\john;active;failed;null;1460")
    assert 5.5 < outcome.seconds < 8


def test_memory_is_given_back(notice: NoticeProgram) -> None:
    outcome = notice.show(f"{ANNA}2;4;CONTOSO;john;1;0;0\n3;0;;?;1;0;0\n4;1;;;1;0;0\n")
    # the list, name and domain of two users, the empty name of the sign-in screen
    assert (outcome.given, outcome.kept) == (6, 0)


def test_no_list_at_all(notice: NoticeProgram) -> None:
    outcome = notice.show("")
    assert (outcome.sessions, outcome.refused, outcome.sent) == ((), "", ())


def test_a_list_that_windows_refuses_is_an_error(notice: NoticeProgram) -> None:
    assert notice.show("fail;1717\n").refused == "WTSEnumerateSessions failed with Windows error 1717"


def test_structure_is_laid_out_as_in_windows(notice: NoticeProgram) -> None:
    layout = notice.show("").layout
    assert layout in {(8, 24, 8, 16), (4, 12, 4, 8)}
