"""What is to be done so that the routers that run become those that are intended. Pure: it does nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from failover.engine.intended import Intended
from failover.engine.router.instance import Instance
from failover.linux.process.claims import VirtualRouterId


@dataclass(frozen=True, slots=True)
class Extent:
    """What a plan comes to for whoever wrote the file, by names: a virtual router has an instance for each family."""

    added: list[str]
    removed: list[str]
    changed: list[str]
    unchanged: int


@dataclass(slots=True)
class Plan:
    """What is to be done. A router stays the same one as long as its interface, family and VRID do."""

    added: list[Intended] = field(default_factory=list)
    changed: list[tuple[Instance, Intended]] = field(default_factory=list)
    removed: list[Instance] = field(default_factory=list)
    order: dict[VirtualRouterId, str] = field(default_factory=dict)
    """All intended routers and their names, in the order of the configuration."""

    def compare(self, running: Mapping[VirtualRouterId, Instance], intended: Iterable[Intended]) -> Iterator[None]:
        """Fill the plan in, step by step, from what runs and what is intended."""
        for one in intended:
            instance = running.get(one.id)
            if instance is None:
                self.added.append(one)
            elif instance.intended != one:
                self.changed.append((instance, one))
            self.order[one.id] = one.name
            yield
        self.removed += (instance for key, instance in running.items() if key not in self.order)

    def extent(self) -> Extent:
        """What the plan comes to, by names; to be asked before it is carried out."""
        before = {instance.name for instance in self.removed}
        touched = before | {one.name for one in self.added} | {one.name for _, one in self.changed}
        new = {one.id for one in self.added}
        kept = {name for key, name in self.order.items() if key not in new}
        after = dict.fromkeys(self.order.values())
        changed = [name for name in after if name in touched and (name in kept or name in before)]
        return Extent(
            added=[name for name in after if name in touched and name not in kept and name not in before],
            removed=[name for name in dict.fromkeys(instance.name for instance in self.removed) if name not in after],
            changed=changed,
            unchanged=sum(name not in touched for name in after),
        )
