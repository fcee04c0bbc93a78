"""Who may import whom. The rule is one table a room, so that nobody needs to remember it."""

import ast

import pytest

from tests.architecture.source import imports, modules, tree

# What speaks a vendor's language: only that vendor's folder may.
SDKS = {"cloudflare", "boto3", "botocore", "google", "azure", "aiohttp", "octodns", "fastly"}

# What a provider sees of the product: values, the contract, and the DNS that is the engine's.
CONTRACT = {
    "reconciler.dns",
    "reconciler.errors",
    "reconciler.model",
    "reconciler.answers",
    "reconciler.net",
    "reconciler.net_settings",
    "reconciler.provider",
    "reconciler.tracking",
    "reconciler.zone_file",
}

# What every vendor's folder may import besides: how all of them speak HTTP, judge records, and tell outcomes.
SHARED = {"providers._http", "providers._outcomes", "providers._records"}

# The shell: what may reach the world. Every other module of the product is pure, a new one too:
# values in, values out, and whatever it needs of the world arrives as an argument.
SHELL = {
    f"reconciler.{name}"
    for name in (
        *("__main__", "cli", "commands", "running"),  # the command line
        *("data_files", "load", "plugins", "registry", "saved", "schema"),  # files and what is installed
        *(
            "delegation",
            "preflight",
            "net",
            "net_dns",
            "net_doh",
            "net_http",
            "proving",
        ),  # looking from outside
        *(
            "app",
            "apply",
            "batch",
            "calls",
            "clock",
            "gates",
            "pacing",
            "pool",
            "sandbox_clock",
        ),  # time and threads
        *(
            "progress",
            "progress_json",
            "progress_lines",
            "progress_live",
            "progress_ticks",
        ),  # telling of a run as it goes
    )
}

# What reaches the world behind an argument's back.
IMPURE = {
    *("asyncio", "concurrent", "httpx", "importlib", "io", "logging", "os", "random", "secrets", "selectors"),
    *("shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "uuid"),
}
EFFECTS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "now", "utcnow", "today"}


def room(prefix: str) -> list[str]:
    return [name for name in modules() if name == prefix or name.startswith(f"{prefix}.")]


def top(name: str) -> str:
    return name.partition(".")[0]


def vendors() -> list[str]:
    folders = {".".join(name.split(".")[:2]) for name in modules() if name.startswith("providers.")}
    return sorted(folders - {"providers.sandbox", *SHARED})


@pytest.mark.parametrize("module", room("reconciler"))
def test_the_product_knows_no_provider_and_no_sdk(module: str) -> None:
    found = {name for name in imports(module) if top(name) in SDKS | {"providers", "tests"}}
    assert found == set(), f"{module} imports {sorted(found)}"


@pytest.mark.parametrize("vendor", vendors())
def test_a_vendor_sees_the_contract_and_nothing_of_another_vendor(vendor: str) -> None:
    for module in room(vendor):
        ours = {name for name in imports(module) if top(name) in {"reconciler", "providers", "tests"}}
        beyond = {n for n in ours - CONTRACT - SHARED if not f"{n}.".startswith(f"{vendor}.")}
        assert beyond == set(), f"{module} imports {sorted(beyond)}"


@pytest.mark.parametrize("module", sorted(SHARED))
def test_what_vendors_share_sees_the_contract_and_no_vendor(module: str) -> None:
    ours = {name for name in imports(module) if top(name) in {*SDKS, "reconciler", "providers", "tests"}}
    assert ours - CONTRACT == set()


@pytest.mark.parametrize("module", room("providers.sandbox"))
def test_the_sandbox_shares_no_code_with_what_it_judges(module: str) -> None:
    ours = {name for name in imports(module) if top(name) in {"reconciler", "providers", "tests"}}
    beyond = {name for name in ours if not f"{name}.".startswith("providers.sandbox.")}
    assert beyond == set(), f"{module} imports {sorted(beyond)}"


@pytest.mark.parametrize("module", sorted({*room("reconciler")} - SHELL))
def test_the_core_is_pure(module: str) -> None:
    """Nothing impure, and nothing of ours that is impure: purity is no use at one remove."""
    found = imports(module)
    assert {name for name in found if top(name) in IMPURE} == set()
    assert found & SHELL == set()
    assert set(called(module)) & EFFECTS == set()


def called(module: str) -> list[str]:
    """The last name of everything that the module calls: `open`, and `read_text` of `path.read_text()`."""
    functions = [node.func for node in ast.walk(tree(modules()[module])) if isinstance(node, ast.Call)]
    return [
        f.attr if isinstance(f, ast.Attribute) else f.id
        for f in functions
        if isinstance(f, ast.Attribute | ast.Name)
    ]


def test_every_module_named_here_exists() -> None:
    assert (SHELL | CONTRACT | SHARED) - modules().keys() == set()
