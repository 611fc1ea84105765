"""The faults that :mod:`mutation` puts into a source: each changes one node of the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
               ast.Mod: ast.Mult, ast.Pow: ast.Mult}  # fmt: skip
_HARMLESS = ("strict", "slots", "frozen", "kw_only", "stacklevel", "ensure_ascii")  # keyword arguments


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, its number in its file, and the code before and after.

    ``line`` is the first line of its function, 0 outside of functions.
    """

    file: str
    function: str
    line: int
    number: int
    before: str
    after: str
    statement: str

    def __str__(self) -> str:
        where = "" if self.statement == self.before else f"  in  {self.statement}"
        return f"{self.file}:{self.function}: {self.before} -> {self.after}{where}"


class _Faults(ast.NodeTransformer):
    """Lists every fault of a tree, and puts in the one that is wanted."""

    def __init__(self, file: str, wanted: int | None = None):
        self.file, self.wanted, self.found = file, wanted, list[Mutant]()
        self.function, self.line, self.statement = "", 0, ""

    def visit(self, node):
        outer = self.statement
        if isinstance(node, ast.stmt):
            self.statement = " ".join(ast.unparse(node).partition("\n")[0].split())[:160]
        node = super().visit(node)
        self.statement = outer
        return node

    def _offer(self, node, *others):
        result = node
        for other in others:
            if len(self.found) == self.wanted:
                result = ast.copy_location(other, node)
            before, after = (" ".join(ast.unparse(part).split()) for part in (node, other))
            place = self.file, self.function, self.line, len(self.found)
            self.found.append(Mutant(*place, before, after, self.statement))
        return result

    def _enter(self, node):
        outer = self.function, self.line
        self.function = f"{outer[0]}.{node.name}".lstrip(".")
        if not isinstance(node, ast.ClassDef):
            self.line = 0  # defaults are made at import
            node.args = self.visit(node.args)
            self.line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        node.body = self._visit_body(node.body)
        self.function, self.line = outer
        return node

    visit_FunctionDef = visit_ClassDef = visit_AsyncFunctionDef = _enter  # noqa: N815 (ast's names)

    def _visit_body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self.visit(statement) for statement in body]

    def visit_arg(self, node):
        return node  # an annotation

    def visit_AnnAssign(self, node):
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Assign(self, node):
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return node
        return self.generic_visit(node)

    def visit_Raise(self, node):
        return self._offer(node, ast.Pass())  # its message is not changed

    def visit_Assert(self, node):
        return node

    def visit_If(self, node):
        if "TYPE_CHECKING" in ast.unparse(node.test):
            return node
        if not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            node.test = self._offer(node.test, ast.UnaryOp(ast.Not(), node.test))
        return self.generic_visit(node)

    visit_IfExp = visit_While = visit_If  # noqa: N815 (ast's names)

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant):
            return node  # a docstring
        changed = self._offer(node, ast.Pass()) if isinstance(node.value, ast.Call) else node
        return self.generic_visit(changed) if changed is node else changed

    def visit_Return(self, node):
        if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
            return node
        changed = self._offer(node, ast.Return(ast.Constant(None)))
        return self.generic_visit(changed) if changed is node else changed

    def visit_Compare(self, node):
        node = self.generic_visit(node)
        others = _COMPARISONS[type(node.ops[0])] if len(node.ops) == 1 else ()
        pairs = [ast.Compare(node.left, [other()], node.comparators) for other in others]
        if len(node.ops) > 1:
            for at, operator in enumerate(node.ops):
                operators = [*node.ops[:at], _COMPARISONS[type(operator)][0](), *node.ops[at + 1 :]]
                pairs.append(ast.Compare(node.left, operators, node.comparators))
        return self._offer(node, *pairs)

    def visit_BoolOp(self, node):
        node = self.generic_visit(node)
        return self._offer(node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))

    def visit_BinOp(self, node):
        node = self.generic_visit(node)
        texts = (isinstance(part, (ast.JoinedStr, ast.List, ast.Tuple)) or isinstance(getattr(part, "value", 0), str)
                 for part in (node.left, node.right))  # fmt: skip
        other = _ARITHMETIC.get(type(node.op))
        return node if other is None or any(texts) else self._offer(node, ast.BinOp(node.left, other(), node.right))

    def visit_UnaryOp(self, node):
        if isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
            changed = self._offer(node, node.operand)
            return self.generic_visit(changed) if changed is node else changed
        return self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, bool):
            return self._offer(node, ast.Constant(not node.value))
        if isinstance(node.value, (int, float)):
            return self._offer(node, ast.Constant(node.value + 1))
        return node

    def visit_keyword(self, node):
        return node if node.arg in _HARMLESS else self.generic_visit(node)

    def visit_FormattedValue(self, node):
        node.value = self.visit(node.value)  # what is shown, not the width it is shown in
        return node


def mutants_of(source: str, file: str) -> Iterator[Mutant]:
    """List every fault that can be put into a source, in the order of its code."""
    faults = _Faults(file)
    faults.visit(ast.parse(source))
    yield from faults.found


def with_mutant(source: str, mutant: Mutant) -> str:
    """Give a source with one fault."""
    tree = _Faults(mutant.file, mutant.number).visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree))
