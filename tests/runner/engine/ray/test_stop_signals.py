"""Requests to packs to stop: by files, and by a board that answers as soon as there is news. Tested without Ray."""

import asyncio

from fitgap.runner.engine.ray.stop_signals import Board, FileSignals


def test_a_pack_is_asked_by_a_file_of_its_own_or_by_one_for_all(tmp_path):
    notices = FileSignals(tmp_path)
    one, two = notices.for_pack(1), notices.for_pack(2)
    assert not one() and not two()
    notices.ask_to_leave(1)
    assert one() and not two()
    notices.forget(1)
    assert not one() and not two()
    notices.ask_all_to_leave()
    assert one() and two()


def test_whoever_asks_the_board_is_answered_when_there_is_news():
    async def ask_and_tell():
        board = Board()
        questions = [asyncio.create_task(board.newer_than(0)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(question.done() for question in questions)
        await board.publish(frozenset({4}), False)
        answers = await asyncio.gather(*questions)
        late = await board.newer_than(0)
        again = asyncio.create_task(board.newer_than(1))
        await asyncio.sleep(0)
        assert not again.done()
        await board.publish(frozenset(), True)
        return answers, late, await again

    answers, late, again = asyncio.run(ask_and_tell())
    assert answers == [(1, frozenset({4}), False)] * 3 and late == answers[0]
    assert again == (2, frozenset(), True)
