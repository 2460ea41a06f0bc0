"""Products of vectors on a grid as sums of whole numbers: exact, and twice as many at once as of floating point.

A panel of queries stands still in the nearest cache while the passages go by. LLVM has one instruction for the inner
step where the processor has one (vpdpwssd, vpmaddwd), and writes it out where not; the sums are the same everywhere.
One vector with the cores of a few items is multiplied as it is: what takes the time there is fetching them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int64]

STEPS: Final = 2**11  # of the grid to 1: components are multiples of 1 / STEPS, here whole numbers of steps
LANES: Final = 16  # 32-bit numbers in the widest register
PANEL: Final = 2 * LANES  # queries side by side: two registers
GROUP: Final = 6  # passages that go by together: their sums with a panel fit the registers

_WORD: Final = ir.IntType(32)
_SUMS: Final = ir.VectorType(_WORD, LANES)
_PAIRS: Final = ir.VectorType(ir.IntType(16), 2 * LANES)
_COSINES: Final = ir.VectorType(ir.FloatType(), LANES)


def panels(queries: Floats) -> Halves:
    """Return queries on the grid in steps, (panels, pairs of components, PANEL, 2); zeros where there are none."""
    rows, columns = -len(queries) % PANEL, queries.shape[1] % 2
    steps = np.pad((queries * STEPS).astype(np.int16), ((0, rows), (0, columns)))
    return np.ascontiguousarray(steps.reshape(-1, PANEL, steps.shape[1] // 2, 2).transpose(0, 2, 1, 3))


@njit(cache=True, nogil=True)
def cosines(queries: Halves, vectors: Floats, out: Floats) -> None:
    """Set ``out[passage, query]`` to their dot product: the sum of x * y, both in steps, over STEPS squared.

    ``queries`` come from ``panels``; ``vectors`` lie on the grid and are about of unit length. ``out`` has a column for
    every place of the panels, and rows for whole groups of passages: what is past the last one means nothing.
    """
    pairs = queries.shape[1]
    steps = np.zeros((len(vectors) + GROUP, 2 * pairs), np.int16)
    for passage in range(len(vectors)):
        for column in range(vectors.shape[1]):
            steps[passage, column] = np.int16(vectors[passage, column] * np.float32(STEPS))
    for panel in range(len(queries)):
        stood = queries[panel].ctypes.data
        for passage in range(0, len(vectors), GROUP):
            to = out[passage:, panel * PANEL :].ctypes.data
            at = steps[passage:].ctypes.data
            _multiply(at, steps.strides[0], stood, pairs, to, out.strides[0])  # type: ignore[call-arg]  # one is numba's


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})  # on the grid every order of adding gives the same sum
def _dot(one: Floats, other: Floats) -> np.float32:
    total = np.float32(0)
    for column in range(len(one)):
        total += one[column] * other[column]
    return total


@njit(cache=True, nogil=True)
def core_cosines(
    vector: Floats, vectors: Floats, starts: Ints, section_starts: Ints, section_scales: Floats, items: Ints
) -> Floats:
    """Return (items,): the cosines of their first sections with a vector, all on the grid; 0 for one without any."""
    cosines = np.zeros(len(items), np.float32)
    for nth in range(len(items)):
        section = starts[items[nth]]
        if section < starts[items[nth] + 1]:
            for passage in range(section_starts[section], section_starts[section + 1]):
                cosines[nth] += _dot(vectors[passage], vector)
            cosines[nth] *= section_scales[section]
    return cosines


@intrinsic
def _multiply(_: Any, passages: Any, passage_bytes: Any, panel: Any, pairs: Any, out: Any, out_bytes: Any) -> Any:
    """Multiply GROUP rows, ``passage_bytes`` apart, by a panel of ``pairs`` rows into rows ``out_bytes`` apart."""
    signature = types.void(passages, passage_bytes, panel, pairs, out, out_bytes)

    def generate(context: Any, build: Any, _: Any, arguments: Any) -> Any:
        passages, passage_bytes, panel, pairs, out, out_bytes = arguments
        starts = _rows(build, passages, passage_bytes)
        sums = _sum(build, starts, panel, pairs)
        for start, row in zip(_rows(build, out, out_bytes), sums, strict=True):
            _write(build, start, row)
        return context.get_dummy_value()

    return signature, generate


def _rows(build: Any, first: Any, apart: Any) -> list[Any]:
    return [build.add(first, build.mul(apart, first.type(row))) for row in range(GROUP)]


def _sum(build: Any, starts: Sequence[Any], panel: Any, pairs: Any) -> list[list[Any]]:
    """Write the loop over pairs of components; returns the sums of each passage, two registers each.

    1. Load the two registers of the panel. 2. Spread each passage's pair over a register. 3. Multiply and add.
    """
    number = panel.type
    before, loop, after = build.block, build.append_basic_block("pair"), build.append_basic_block("sums")
    build.branch(loop)
    build.position_at_end(loop)
    pair = build.phi(number)
    sums = [[build.phi(_SUMS) for _ in range(2)] for _ in starts]
    at = build.add(panel, build.mul(pair, number(PANEL * 4)))
    stood = [_load(build, build.add(at, number(half * LANES * 4)), _SUMS) for half in range(2)]
    added = []
    for start, row in zip(starts, sums, strict=True):
        two = _spread(build, _load(build, build.add(start, build.mul(pair, number(4))), _WORD))
        added.append([_add_products(build, total, two, each) for total, each in zip(row, stood, strict=True)])
    following = build.add(pair, number(1))
    _go_round([(pair, following)], number(0), before, loop)
    for row, done in zip(sums, added, strict=True):
        _go_round(zip(row, done, strict=True), _SUMS(None), before, loop)
    build.cbranch(build.icmp_signed("<", following, pairs), loop, after)
    build.position_at_end(after)
    return added


def _go_round(values: Iterable[tuple[Any, Any]], begin: Any, before: Any, loop: Any) -> None:
    """Let values begin so and go on as what they have become."""
    for old, new in values:
        old.add_incoming(begin, before)
        old.add_incoming(new, loop)


def _write(build: Any, start: Any, row: Sequence[Any]) -> None:
    """Write two registers of sums as cosines."""
    for half, total in enumerate(row):
        place = build.inttoptr(build.add(start, start.type(half * LANES * 4)), _COSINES.as_pointer())
        build.store(build.fmul(build.sitofp(total, _COSINES), _COSINES([1 / STEPS**2] * LANES)), place, align=4)


def _load(build: Any, address: Any, kind: Any) -> Any:
    return build.load(build.inttoptr(address, kind.as_pointer()), align=4)


def _spread(build: Any, word: Any) -> Any:
    """Repeat a word over a register."""
    nothing = _SUMS(ir.Undefined)
    return build.shuffle_vector(build.insert_element(nothing, word, _WORD(0)), nothing, _SUMS([0] * LANES))


def _add_products(build: Any, total: Any, one: Any, other: Any) -> Any:
    """Add the products of the halves of each word: written so that LLVM knows it as one instruction."""
    wide = ir.VectorType(_WORD, 2 * LANES)
    one, other = (build.sext(build.bitcast(each, _PAIRS), wide) for each in (one, other))
    products = build.mul(one, other)
    lower, upper = (
        build.shuffle_vector(products, wide(ir.Undefined), _SUMS(list(range(half, 2 * LANES, 2)))) for half in range(2)
    )
    return build.add(total, build.add(lower, upper))
