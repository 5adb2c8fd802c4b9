"""Pages, the board, sign-in and the live stream under load: ``python -m benchmarks.portal.run [--json FILE]``.

One portal, its database and the client share the processors. Pages are asked for at an even pace that does not wait for
answers; milliseconds count from when each was due. The world has 20 schools and 1,000 open cases, each opened once and
then again; one school has 500 lessons in the day that the board shows. The rivals: an empty page of Starlette's
under the same server at the same pace, and streams with a queue a listener, which store and replay nothing.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine

from benchmarks.measure import machine, markdown
from benchmarks.portal import servers, streams
from benchmarks.portal.load import Client, at_a_pace, percentiles
from benchmarks.portal.servers import Server, serving
from benchmarks.portal.world import LARGE, NOW, SCHOOLS, TOMORROW, build, links_of_students
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.database.queries.dispatch_board import sign_ins
from flightsched_pipelines.database.queries.live import live_events
from flightsched_pipelines.database.queries.live.live_events import NewEvent
from flightsched_pipelines.portal.dispatch_board.visit import COOKIE
from flightsched_pipelines.services.live.tokens import make_token
from flightsched_pipelines.services.notifications.links import sign_in_url
from flightsched_pipelines.settings import Settings

PAGES_A_SECOND, BOARDS_A_SECOND, SIGN_INS_A_SECOND = 50, 5, 5
PAGE_AIM_MS, BOARD_AIM_MS, STREAM_AIM_SECONDS = 50, 150, 2.0
STREAMS_A_TOKEN = 5
PREPARE_SECONDS = 5
"""More than the portal takes to read the hour; people have longer until the first mail."""

BOARD_PAGES = {
    "board, a day of 500 lessons": f"/board?day={TOMORROW}",
    "board, its open cases": "/board/cases",
}

HEADER = ("pages", "a second", "asked", "p50 ms", "p95 ms", "CPU ms", "KB")
STREAM_HEADER = (f"{streams.LISTENERS:,} streams", "s until half, median", "s until all, median", "most", "KB a stream")

Row = dict[str, Any]


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures to this file too")
    options.add_argument("--seconds", type=int, default=20, help="of each kind of page; fewer for a quick look")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        embedded.start(home)
        stack.callback(embedded.stop, home)
        settings = Settings(database_url=SecretStr(embedded.url(home, "flightsched")), mail_via="maildir")
        engine = connect(settings)
        stack.callback(engine.dispose)
        migrations.upgrade(engine)
        build(engine, servers.settings_for(embedded.url(home, "flightsched"), 1))
        pages, listened = _measured(engine, embedded.url(home, "flightsched"), chosen.seconds)
    _report(pages, listened)
    if chosen.json:
        chosen.json.write_text(json.dumps({"pages": pages, "streams": listened}, indent=2), encoding="utf-8")


def _measured(engine: Engine, url: str, seconds: int) -> tuple[list[Row], list[Row]]:
    with serving(servers.empty_page, url) as empty:
        paths = ["/respond/empty"] * PAGES_A_SECOND * seconds
        pages = [asyncio.run(_pages("an empty page of Starlette's", empty, paths, PAGES_A_SECOND))]
    with serving(servers.portal, url) as portal:
        settings = servers.settings_for(url, portal.port)
        links = links_of_students(engine, settings)[: PAGES_A_SECOND * seconds]
        asyncio.run(_warm_up(portal, links[-2:]))
        time.sleep(PREPARE_SECONDS)
        pages += [
            asyncio.run(_pages("response page, opened first", portal, links, PAGES_A_SECOND)),
            asyncio.run(_pages("response page, opened again", portal, links, PAGES_A_SECOND)),
            *asyncio.run(_board(engine, portal, settings, seconds)),
            *asyncio.run(_sign_ins(engine, portal, settings, links, seconds)),
        ]
    with serving(servers.queue_a_listener, url) as queues:
        listened = [asyncio.run(_queues(queues))]
    with serving(servers.portal, url) as portal:
        listened.append(asyncio.run(_streams(engine, portal)))
    return pages, listened


async def _warm_up(server: Server, paths: Sequence[str], cookie: str = "") -> None:
    client = Client(server.port, cookie)
    for path in paths:
        await client.get(path)
    client.close()


async def _pages(name: str, server: Server, paths: Sequence[str], a_second: float, cookie: str = "") -> Row:
    """Ask for pages at a pace."""
    client, sizes = Client(server.port, cookie), list[int]()

    async def opened(path: str) -> None:
        answer = await client.get(path)
        if answer.status != 200:
            raise SystemExit(f"{name}: {answer.status}")
        sizes.append(len(answer.body))

    before = server.cpu_seconds
    taken = await at_a_pace(a_second, [lambda path=path: opened(path) for path in paths])
    cpu = (server.cpu_seconds - before) / len(paths) * 1000
    client.close()
    return _row(name, a_second, taken, cpu, statistics.mean(sizes) / 1024)


async def _board(engine: Engine, server: Server, settings: Settings, seconds: int) -> list[Row]:
    """Sign in, and open the day with 500 lessons and the list of its cases."""
    client = Client(server.port)
    cookie = await _sign_in(client, _links(engine, settings, [LARGE])[0])
    client.close()
    await _warm_up(server, list(BOARD_PAGES.values()), cookie)
    count = BOARDS_A_SECOND * seconds
    return [
        await _pages(name, server, [path] * count, BOARDS_A_SECOND, cookie) for name, path in BOARD_PAGES.items()
    ]  # fmt: skip


async def _sign_ins(
    engine: Engine, server: Server, settings: Settings, pages: Sequence[str], seconds: int
) -> list[Row]:
    """Open one-time links and press their button, alone and beside 50 response pages a second."""
    count = SIGN_INS_A_SECOND * seconds
    links = _links(engine, settings, [1 + number % SCHOOLS for number in range(2 * count)])
    client, found = Client(server.port), list[Row]()

    async def signed_in(link: str) -> None:
        await _sign_in(client, link)

    async def pace(chosen: Sequence[str]) -> list[float]:
        return await at_a_pace(SIGN_INS_A_SECOND, [lambda link=link: signed_in(link) for link in chosen])

    found.append(_row("sign-in, link and button", SIGN_INS_A_SECOND, await pace(links[:count])))
    beside = asyncio.create_task(_pages("beside", server, pages, PAGES_A_SECOND))
    found.append(_row(f"the same beside {PAGES_A_SECOND} response pages a second", SIGN_INS_A_SECOND,
                      await pace(links[count:])))  # fmt: skip
    await beside
    client.close()
    return found


async def _sign_in(client: Client, link: str) -> str:
    """Return the cookie of a session."""
    form = await client.get(link)
    seal = re.search(r'name="seal" value="([^"]+)"', form.body.decode())
    answer = await client.post(link, seal=seal[1] if seal else "", name="Dee Dispatch")
    cookie = re.search(rf"{COOKIE}=[^;]+", answer.headers)
    if answer.status != 303 or cookie is None:
        raise SystemExit(f"a sign-in failed: {answer.status}")
    return cookie[0]


def _links(engine: Engine, settings: Settings, schools: Sequence[int]) -> list[str]:
    """Make one-time links: as many as are needed, which a school would not be sent."""
    expires = NOW + timedelta(hours=1)
    with engine.begin() as connection:
        ids = [
            sign_ins.insert_link(connection, school, f"dispatch{school}@school.example", NOW, expires)
            for school in schools
        ]
    return [str(sign_in_url(settings, link_id)).removeprefix(str(settings.portal_url)) for link_id in ids]


async def _queues(server: Server) -> Row:
    client = Client(server.port)

    async def publish(number: int) -> None:
        await client.get(f"/publish/{number}")

    heads = ["GET /stream HTTP/1.1\r\n"] * streams.LISTENERS
    return _heard("a queue a listener", await streams.listen(server, heads, publish))


async def _streams(engine: Engine, server: Server) -> Row:
    """Listen with as many tokens as the limit of each asks for; an event is for one school, which all listen to."""
    tokens = [make_token(engine, f"display {n}", f"School {LARGE}", None, NOW)[1]
              for n in range(streams.LISTENERS // STREAMS_A_TOKEN)]  # fmt: skip

    def commit(number: int) -> None:
        with engine.begin() as connection:
            live_events.publish(connection, [NewEvent(LARGE, (), {"event": "noted", "number": number})], NOW)

    async def publish(number: int) -> None:
        await asyncio.to_thread(commit, number)

    head = "GET /api/notifications/stream HTTP/1.1\r\nauthorization: Bearer {}\r\n"
    heads = [head.format(token) for token in tokens for _ in range(STREAMS_A_TOKEN)]
    return _heard("this", await streams.listen(server, heads, publish))


def _row(
    name: str, a_second: float, taken: Sequence[float], cpu: float | None = None, size: float | None = None
) -> Row:
    half, most = percentiles(taken)
    return {
        "pages": name, "a second": a_second, "asked": len(taken), "p50 ms": round(half, 1), "p95 ms": round(most, 1),
        "CPU ms": "" if cpu is None else round(cpu, 1), "KB": "" if size is None else round(size),
    }  # fmt: skip


def _heard(name: str, heard: streams.Heard) -> Row:
    values = (
        name, round(statistics.median(heard.half_seconds), 2), round(statistics.median(heard.last_seconds), 2),
        round(max(heard.last_seconds), 2), round(heard.kilobytes_a_stream, 1),
    )  # fmt: skip
    return dict(zip(STREAM_HEADER, values, strict=True))


def _report(pages: Sequence[Row], listened: Sequence[Row]) -> None:
    print(machine("starlette", "uvicorn", "sqlalchemy", "psycopg"), "\n")
    print(markdown(HEADER, [[row[name] for name in HEADER] for row in pages]), "\n")
    print(markdown(STREAM_HEADER, [[row[name] for name in STREAM_HEADER] for row in listened]), "\n")
    p95 = {row["pages"]: row["p95 ms"] for row in pages}
    slowest = max(p95["response page, opened first"], p95["response page, opened again"])
    board = max(value for name, value in p95.items() if name.startswith("board"))
    for aim, value in (
        (f"Response pages under {PAGE_AIM_MS} ms", slowest < PAGE_AIM_MS),
        (f"The board under {BOARD_AIM_MS} ms", board < BOARD_AIM_MS),
        (f"An event to all streams under {STREAM_AIM_SECONDS} s", listened[-1]["most"] < STREAM_AIM_SECONDS),
    ):
        print(f"{aim}: {'met' if value else 'missed'}.")


if __name__ == "__main__":
    main()
