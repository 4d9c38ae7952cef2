"""From a node of a config to what its `_target_` names."""

import inspect
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

from ganctl.config.trust import check_build
from ganctl.error import GanctlError, UsageError, in_short, suggest


def make(node: Mapping[str, Any], **arguments: Any) -> Any:
    """Build what a config node's `_target_` names, from its keys and further arguments.

    Raises:
        UsageError: one line saying what the target did not accept, or that it may not be built.
    """
    target = _target(node)
    try:
        return instantiate(OmegaConf.create(dict(node)), _partial_=True, _convert_="all")(**arguments)
    except GanctlError:
        raise
    except InstantiationException as error:
        if isinstance(error.__cause__, GanctlError):
            raise error.__cause__ from None
        raise UsageError(f"{target}: {in_short(error.__cause__ or error)}") from error
    except (TypeError, ValueError, HydraException) as error:
        raise UsageError(f"{target}: {_unknown(error, target) or in_short(error)}") from error


def _target(node: Any) -> str:
    """Return the `_target_` of a config node that may be built; nothing is imported before that is known."""
    target = node.get("_target_") if isinstance(node, Mapping) else None
    if not isinstance(target, str):
        raise UsageError(f"Expected a part that names its `_target_`, got '{node}'.")
    check_build(dict(node))
    return target


def _unknown(error: Exception, target: str) -> str:
    """Return a hint when an error says that a key is none of the target's parameters, else ""."""
    found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if not found:
        return ""
    known = [name for name in inspect.signature(get_object(target)).parameters if name != found[1]]
    return f"there is no key '{found[1]}'.{suggest(found[1], known) or ' It has ' + ', '.join(known) + '.'}"


def builders(nodes: Mapping[str, Any]) -> SimpleNamespace:
    """Return the builders of all networks, called as the family calls them, by place or by name."""
    builders = {name: node for name, node in nodes.items() if isinstance(node, Mapping)}

    def builder(node: Mapping[str, Any]):
        signature = inspect.signature(get_object(_target(node)))

        def build(*given, **named):
            return make(node, **dict(zip(signature.parameters, given, strict=False)), **named)

        build.__signature__ = signature  # type: ignore[attr-defined]  # families ask what a builder takes
        return build

    return SimpleNamespace(**{name: builder(node) for name, node in builders.items()})
