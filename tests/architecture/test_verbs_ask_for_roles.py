"""Every function with a ``by`` checks that person's role itself, so that no page, task or command can omit the check."""

import ast
from functools import cache

import pytest

from tests.architecture.source import Function, Module, called_name, modules

# The functions that check a role. Methods are identified by their name alone.
ASKERS = {
    "require_role",
    "require_operator",
    "require_role_or_operator",
    "require_right",
    "permissions.require",
    "require_own",
}
ASKING_METHODS = {"to_decide", "to_withdraw", "propose_end", "approve_end", "refuse_end"}

A_STEP = "a step of verbs that have asked, and of the daily run"
OWN = "a person's own act: it compares ``by`` with whose thing it is"
ASKS_ITSELF = "is what asks"
A_GATE = "``by`` is the gate device or key that has signed in, and no account"
# The functions that check no role. All others do, themselves or by a function to which they pass ``by``.
NOT_ASKING = {
    "codes/citizens/guardianship.py:ask_guardianship": OWN,
    "codes/citizens/joining.py:join_people": A_STEP,
    "codes/citizens/phones.py:confirm_signed_in": OWN,
    "codes/citizens/phones.py:refuse_signed_in": OWN,
    "codes/gates/check.py:check_pass": A_GATE,
    "codes/gates/check.py:note_scans": A_GATE,
    "codes/gates/scans.py:keep_scan": A_GATE,
    "codes/intake/collecting.py:accept": A_STEP,
    "codes/intake/phones.py:propose_phones": A_STEP,
    "codes/intake/retrying.py:take_what_passes": A_STEP,
    "codes/messages/outbox.py:choose": OWN,
    "codes/opening.py:open_city": "before a city is opened it has no roles; it needs the owner's login, which no page has",
    "codes/passes/lookup.py:look_up_by_document": A_GATE,
    "codes/reports/export.py:journal_export": A_STEP,
    "codes/reports/export.py:statement_of": A_STEP,
    "codes/reports/request.py:note_access": A_STEP,
    "codes/review/cases/move.py:acts_of": A_STEP,
    "codes/review/cases/move.py:move": A_STEP,
    "codes/review/cases/move.py:move_all": A_STEP,
    "codes/review/cases/move.py:note": A_STEP,
    "codes/review/cases/move.py:record_many": A_STEP,
    "codes/review/cases/assign.py:assignee_changes": A_STEP,
    "codes/review/cases/second_looks.py:check_not_overturned": A_STEP,
    "codes/review/cases/second_looks.py:draw_second_look": A_STEP,
    "codes/review/evidence/access.py:log_access": A_STEP,
    "codes/review/evidence/files.py:attach": A_STEP,
    "codes/review/evidence/files.py:discard_draft": OWN,
    "codes/review/permissions.py:require": ASKS_ITSELF,
    "codes/review/proposals/rulings.py:check_approval": A_STEP,
    "codes/rule_sets/publish.py:publish": "a step of a city's opening, and of putting a draft in force",
    "codes/runs/amend.py:amend_now": A_STEP,
    "codes/runs/mass_changes.py:close_group": A_STEP,
    "codes/tasks.py:enqueue_replay": "hands it to a worker, which asks",
    "codes/tasks.py:enqueue_verification": "hands it to a worker, which asks",
    "regions/journal/playback.py:take_stock": "a step of a city's opening, and of an upgrade",
    "regions/journal/record.py:record": A_STEP,
    "regions/journal/record.py:record_all": A_STEP,
    "regions/proposals.py:Proposal.act": A_STEP,
    "regions/proposals.py:Proposal.approve": A_STEP,
    "regions/proposals.py:Proposal.decide": A_STEP,
    "regions/proposals.py:Proposal.journal": A_STEP,
    "regions/proposals.py:Proposal.refuse": A_STEP,
    "regions/proposals.py:Proposal.withdraw": A_STEP,
    "regions/proposals.py:ProposalQuerySet.decide": A_STEP,
    "regions/proposals.py:EndableProposal.refuse": A_STEP,
    "regions/proposals.py:EndableProposal.withdraw": A_STEP,
    "regions/proposals.py:answer_operator": A_STEP,
    "regions/proposals.py:require_proposer": ASKS_ITSELF,
    "regions/proposals.py:EndableProposal.journal": A_STEP,
    "regions/proposals.py:require_another": ASKS_ITSELF,
    "regions/staff/accounts.py:create_account": A_STEP,
    "regions/staff/accounts.py:journal": A_STEP,
    "regions/staff/accounts.py:other_account": A_STEP,
    "regions/sources/batches.py:close_accepted": A_STEP,
    "regions/sources/batches.py:hold": A_STEP,
    "regions/sources/batches.py:open_batch": A_STEP,
    "regions/sources/batches.py:overtake": A_STEP,
    "regions/sources/batches.py:refuse": A_STEP,
    "regions/sources/batches.py:refuse_for_fault": A_STEP,
}


def test_every_verb_asks_for_the_role_of_whoever_acts() -> None:
    assert sorted(_without_asking()) == sorted(NOT_ASKING), "verbs that do not ask, and those listed as such"


@pytest.mark.parametrize(
    "body",
    ["record(by=by)", "require_role('wang', Role.REVIEWER)", "helper(by='system')", "require(by)"],
)
def test_a_verb_that_asks_nobody_is_found(body: str) -> None:
    helper = "def helper(*, by): require_role(by, Role.REVIEWER)\n"
    tree = ast.parse(f"{helper}def verb(*, by):\n    {body}\n")
    found = {name for name, function in _verbs(tree) if not _asks(Module("m.py", "", tree), function, frozenset())}
    assert found == {"verb"}


def test_a_verb_that_passes_by_on_to_one_that_asks_is_well() -> None:
    tree = ast.parse("def helper(*, by): require_role(by, Role.REVIEWER)\ndef verb(*, by): helper(by=by)\n")
    assert all(_asks(Module("m.py", "", tree), function, frozenset()) for _, function in _verbs(tree))


def _without_asking() -> set[str]:
    return {
        f"{module.name}:{name}"
        for module in modules("regions", "codes")
        for name, function in _verbs(module.tree)
        if name.rpartition(".")[2] not in ASKERS and not _asks(module, function, frozenset())
    }


def _verbs(tree: ast.Module) -> list[tuple[str, Function]]:
    """Return the public functions and methods with a parameter ``by``, as ``name`` or ``Class.name``."""
    found: list[tuple[str, Function]] = []
    for node in tree.body:
        inner = [(f"{node.name}.", one) for one in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        for owner, one in inner:
            if isinstance(one, Function) and not one.name.startswith("_") and _takes_by(one):
                found.append((f"{owner}{one.name}", one))
    return found


def _takes_by(function: Function) -> bool:
    return any(argument.arg == "by" for argument in (*function.args.args, *function.args.kwonlyargs))


def _asks(module: Module, function: Function, seen: frozenset[str]) -> bool:
    return any(
        _is_asking(module, called_name(call), seen)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _passes_by(call)
    )


def _passes_by(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Name) and value.id == "by" for value in given)


def _is_asking(module: Module, name: str, seen: frozenset[str]) -> bool:
    owner, _, last = name.rpartition(".")
    if last in ASKING_METHODS:
        return True
    home, defined = _definitions(module).get(last, (module, None)) if owner in ("", "cls", "self") else (module, None)
    qualified = f"{home.name.removesuffix('.py').rpartition('/')[2]}.{last}"
    if last in ASKERS or qualified in ASKERS:
        return True
    place = f"{home.name}:{last}"
    return defined is not None and place not in seen and _asks(home, defined, seen | {place})


@cache
def _definitions(module: Module) -> dict[str, tuple[Module, Function]]:
    """Return name → function, for the module's functions and methods and those that it imports from the product."""
    found = {node.name: (module, node) for node in module.functions()}
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("regions", "codes")):
            home = _modules_by_path().get(f"{node.module.replace('.', '/')}.py")
            if home is None:
                continue
            for alias in node.names:
                for function in home.functions():
                    if function.name == alias.name:
                        found[alias.asname or alias.name] = (home, function)
    return found


@cache
def _modules_by_path() -> dict[str, Module]:
    return {module.name: module for module in modules("regions", "codes")}
