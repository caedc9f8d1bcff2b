"""Small faults put into a module, one at a time: what its tests should notice.

Besides comparisons, numbers and the like, every pattern and name in quotes is bent character
by character, since the rules of this service are mostly written in those. Sentences, which
are for people, are left alone.
"""

import ast
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

_OTHERS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}
_PATTERN_FAULTS = {r"\.": ".", r"\d": ".", "[^": "[", "+": "*", "*": "+", "?:": "", "|": ""}

Change = Callable[[ast.AST], ast.AST]


@dataclass(frozen=True)
class Mutant:
    """The whole module with one fault."""

    line: int
    what: str
    source: str


def mutants_of(source: str) -> list[Mutant]:
    tree = ast.parse(source)
    _OperatorsApart().visit(tree)
    found = []
    lines, passed_over = _lines(tree), _for_people(tree) | _of_programs(tree)
    for place, node in enumerate(ast.walk(tree)):
        if node in passed_over:
            continue
        for what, change in _changes(node):
            bent = ast.unparse(ast.fix_missing_locations(_Bend(place, change).visit_all(tree)))
            found.append(Mutant(lines[node], what, bent))
    return found


class _OperatorsApart(ast.NodeTransformer):
    """Gives each operator a node of its own: Python has one for all `==` of a tree."""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.operator | ast.boolop | ast.cmpop | ast.unaryop):
            return type(node)()
        return super().generic_visit(node)


def _lines(tree: ast.Module) -> dict[ast.AST, int]:
    """Where each node is; an operator is where its expression is."""
    lines: dict[ast.AST, int] = {tree: 0}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            lines[child] = getattr(child, "lineno", lines[node])
    return lines


def _for_people(tree: ast.Module) -> set[ast.AST]:
    """Docstrings, and names of loggers and threads."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                found.add(node.value)
            case ast.Call(func=ast.Attribute(attr="getLogger" | "Thread")):
                found |= {n for n in ast.walk(node) if isinstance(n, ast.Constant)}
            case _:
                pass
    return found


def _of_programs(tree: ast.Module) -> set[ast.AST]:
    """What runs only if the module is the program: tests import it, so they never see that."""
    found: set[ast.AST] = set()
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            found |= set(ast.walk(node))
    return found


class _Bend(ast.NodeTransformer):
    """Applies a change to the node at one place in the order of `ast.walk`."""

    def __init__(self, place: int, change: Change) -> None:
        self._place = place
        self._change = change

    def visit_all(self, tree: ast.Module) -> ast.AST:
        copy = deepcopy(tree)
        self._target = list(ast.walk(copy))[self._place]
        changed: ast.AST = self.visit(copy)
        return changed

    def visit(self, node: ast.AST) -> ast.AST:
        return self._change(node) if node is self._target else super().generic_visit(node)


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    yield from _of_operators(node)
    yield from _of_statements(node)
    if isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield f"{node.value!r} -> {value!r}", _field("value", value)


def _of_operators(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for other in _OTHERS.get(type(node), ()):
        yield f"{type(node).__name__} -> {other.__name__}", _replaced(other())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", lambda n: n.operand  # type: ignore[attr-defined]


def _of_statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for answer in (True, False):
            yield f"condition {answer}", _field("test", ast.Constant(answer))
    if isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None):
        yield "returns None", _field("value", ast.Constant(None))
    if isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield f"without {type(node).__name__.lower()}", _replaced(ast.Pass())


def _replaced(other: ast.AST) -> Change:
    return lambda _: other


def _field(name: str, value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, name, value)
        return node

    return change


def _other_values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1)
    elif isinstance(value, str) and " " not in value:
        yield from _bent(value)


def _bent(text: str) -> Iterator[str]:
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]
    for piece, fault in _PATTERN_FAULTS.items():
        for found in re.finditer(re.escape(piece), text):
            yield text[: found.start()] + fault + text[found.end() :]
    for found in re.finditer(r"\{(\d+)(,?)(\d*)\}", text):
        least, comma, most = found.groups()
        for bent in (f"{int(least) + 1}{comma}{most}", f"{least}{comma}{int(most or least) + 1}"):
            yield f"{text[: found.start()]}{{{bent}}}{text[found.end() :]}"
    if not text:
        yield "x"
