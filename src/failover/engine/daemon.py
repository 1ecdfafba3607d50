"""The daemon: the process around an `Engine`. Lock, agent, signals, systemd, reload, and a clean end."""

import errno
import gc
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from failover import messages
from failover.config import Configuration, DaemonSettings
from failover.engine.account.evidence import reload_evidence
from failover.engine.agent_link.agent_process import AgentProcess
from failover.engine.agent_link.channel import Channel
from failover.engine.agent_link.commands import Commands
from failover.engine.agent_link.status_feed import StatusFeed
from failover.engine.events import Subject
from failover.engine.fleet.engine import Engine
from failover.engine.intended import Intended, claims, intended
from failover.engine.loop.loop import Loop
from failover.engine.process import secrets
from failover.engine.process.claims import HeldClaims, exclusively
from failover.engine.process.punctuality import Punctuality
from failover.engine.process.runtime_directory import RuntimeDirectory
from failover.engine.process.signals import USES, Signals, Use
from failover.engine.process.systemd import Notifier, watchdog_interval
from failover.engine.reload.last_reload import last_reload
from failover.engine.reload.reader_process import ReaderProcess
from failover.engine.reload.reload import Outcome, Reload
from failover.engine.router.instance import Instance
from failover.events import Kind
from failover.linux.confinement import users
from failover.linux.errors import describe
from failover.linux.host import LinuxHost
from failover.linux.process import capabilities
from failover.linux.process.descriptors import allow_many
from failover.linux.process.signals import in_words
from failover.messages import Answer, Ask, Event, NotReloaded, Reloaded, ReloadEnded
from failover.vrrp import Instant
from failover.wording import not_reloaded

_USUAL_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The places that a daemon uses."""

    runtime_directory: Path
    control_socket: Path | None = None
    """None: `control.sock` in the runtime directory."""
    log_file: Path | None = None
    """None: events go to standard error, or to the journal where that is the same."""
    log_descriptor: int | None = None
    """Instead of a file: what is open already, such as standard output."""
    configuration_file: Path | None = None
    """What is read again when the configuration is to be reloaded; None: it cannot be."""
    configuration_digest: str | None = None
    """Of what the file said."""


def run(configuration: Configuration, settings: Settings, prepare: Callable[[], None] = lambda: None) -> None:
    """Run until SIGTERM or SIGINT, as far as they were not ignored before; `process.signals` has all others.

    SIGHUP has the configuration reloaded; where there is no file, or the process has a terminal, whose end is told by
    the same signal, it stops as well.
    `OSError` says what kept it from starting; nothing is left behind then. `prepare` is called once the daemon may
    run here, and before it does.
    """
    notifier = Notifier(os.environ)
    try:
        capabilities.take_permitted()
        capabilities.bequeath_none()
        lacking = capabilities.missing()
        if lacking:
            text = f"needs {' and '.join(lacking)}: run it as root, or from its systemd unit"
            raise PermissionError(errno.EPERM, text)
        runtime = RuntimeDirectory(settings.runtime_directory, settings.control_socket)
        try:
            instances = intended(configuration)
            secrets.protect(one.router for one in instances)
            with exclusively(claims(instances)) as held:
                daemon = _Daemon(configuration.daemon, instances, settings, runtime, held, notifier)
                prepare()
                daemon.run()
        finally:
            runtime.release()
    except OSError as error:
        notifier.failed(describe(error))
        raise
    finally:
        notifier.close()


class _Daemon:
    def __init__(
        self,
        own: DaemonSettings,
        instances: Sequence[Intended],
        settings: Settings,
        runtime: RuntimeDirectory,
        held: HeldClaims,
        notifier: Notifier,
    ) -> None:
        self._notifier = notifier
        self._held = held
        self._loop = Loop()
        self._awaited: set[int] = set()
        """The numbers of the reloads that somebody waits for."""
        commands = Commands(
            ask=self._asked,
            reload=self._asked_to_reload,
            withdraw=lambda command: self._awaited.discard(command.id),
            refuse=self._answer,
        )
        self._channel = Channel(self._loop, commands.take)
        # Nobody has an answer from an agent that has gone: whoever still waits asks the next one.
        self._channel.hung_up = self._awaited.clear
        self._stopping = False
        self._refused: set[int] = set()
        """The signals that were ignored and told of."""
        self._dirty = False
        self._punctuality = Punctuality(own)
        self._engine = Engine(instances, self._loop, self._publish, LinuxHost(), held.is_anothers)
        self._status_feed = StatusFeed(self._channel, self._engine, self._punctuality, self._loop)
        options = [f"--log-file={settings.log_file}"] if settings.log_file else []
        log = settings.log_descriptor
        options += ["--log-handed-over"] if log is not None else []
        user, ignored = users.of_children(own.agent_user)
        options += [f"--user={user}"] if user is not None else []
        self._punctuality.warnings += [ignored] if ignored else []
        handed = [runtime.listener.fileno(), *([log] if log is not None else [])]
        greet, aside = self._status_feed.everything, self._punctuality.aside
        self._agent = AgentProcess(self._loop, self._channel, handed, options, self._engine.events, greet, aside)
        file = settings.configuration_file
        self._reload: Reload | None = None
        if file is not None:
            self._status_feed.configuration_file = str(file.absolute())
            self._status_feed.configuration_digest = settings.configuration_digest
            read = partial(ReaderProcess, str(file), self._loop, aside, user=user)
            self._reload = Reload(read, own, self._engine, held, notifier.reloading, self._reloaded)
        self._has_terminal = has_terminal()
        self._watchdog_interval = watchdog_interval(os.environ)
        self._watchdog = self._loop.alarm(self._feed_watchdog)

    def run(self) -> None:
        signals = Signals(self._punctuality.give_up)
        self._loop.watch(signals.fileno(), lambda: self._signalled(signals.read()))
        try:
            self._loop.dispatch()  # what was held back until now
            self._run_engine()
            self._notifier.stopping()
        finally:
            self._agent.stop()
            signals.close()

    def _run_engine(self) -> None:
        try:
            if self._stopping:  # told so before it has begun
                return
            # Before anything is due: to read all of the program into memory takes some milliseconds.
            self._punctuality.enter()
            self._count_beats()
            self._warn()
            allow_many()  # an interface takes up to five: two families with a wake-up socket each, and announcements
            self._engine.start()
            # What is there by now stays, and nothing after it makes cycles: there is nothing to collect, and a
            # collection takes milliseconds that no advertisement should wait for.
            gc.freeze()
            gc.disable()
            self._notifier.ready(self._summary())
            # Only now: an agent takes the processor for a third of a second, and what has happened waits for it.
            self._agent.start()
            self._loop.housekeeping.add(self._keep_up)
            self._feed_watchdog(self._loop.clock.now())
            while not self._stopping:
                self._loop.wait()
                if self._dirty and not self._loop.is_busy:
                    self._dirty = False
                    self._notifier.status(self._summary())
        finally:
            # Whatever went wrong: to die with the addresses on would leave two hosts that answer for them.
            self._engine.stop()
            if self._reload is not None:
                self._reload.stop()

    def _count_beats(self) -> None:
        self._loop.wake_early(self._punctuality.beat_lead(self._engine.short_beats))

    # --- signals

    def _signalled(self, numbers: bytes) -> None:
        for number in numbers:
            match USES[number]:
                case Use.RELOAD:
                    self._hang_up()
                case Use.OVERRUN if self._punctuality.has_given_up:
                    self._count_beats()
                    self._warn()
                case Use.STOP | Use.OVERRUN:
                    if number not in _USUAL_ENDS and not self._stopping:
                        self._tell_signal(number, "the daemon shuts down cleanly")
                    self._stopping = True
                case Use.REFUSE if number not in self._refused:
                    self._refused.add(number)
                    self._tell_signal(number, "ignored, because it has no meaning for this daemon; logged once")

    def _tell_signal(self, number: int, outcome: str) -> None:
        self._engine.events.tell(Kind.SIGNAL, {"signal": in_words(number), "outcome": outcome})

    def _hang_up(self) -> None:
        if self._reload is None or self._has_terminal:
            self._stopping = True
        else:
            self._reload.ask(lambda _: None)  # the log says what comes of it

    # --- reload

    def _asked_to_reload(self, command: messages.Reload) -> None:
        if self._reload is None:
            report = "this daemon was started without a configuration file: there is nothing to reload"
            self._answer(ReloadEnded(command.id, NotReloaded(report=report, is_bad=False)))
            return

        def answer(outcome: Outcome) -> None:
            self._awaited.discard(command.id)
            # After what the agent is told of the new routers: whoever has the answer asks for their status next.
            self._engine.later(partial(self._answer, ReloadEnded(command.id, outcome)))

        self._awaited.add(command.id)
        self._reload.ask(answer, lambda: command.id in self._awaited and not self._is_void(command))

    def _is_void(self, command: messages.Reload) -> bool:
        """Whether whoever asked has given up: the command comes out of a pause, of ours or of the agent's."""
        return command.until is not None and command.until < self._loop.clock.now()

    def _reloaded(self, outcome: Outcome, changed: Sequence[Instance]) -> None:
        feed = self._status_feed
        feed.last_reload = last_reload(outcome, self._loop.clock.wall(), feed.last_reload)
        if isinstance(outcome, Reloaded):
            self._count_beats()
            feed.configuration_digest = outcome.digest
            feed.reconfigured(changed)
            secrets.protect(instance.router for instance in self._engine.instances)
        self._warn()
        self._engine.events.tell(*reload_evidence(outcome))
        self._notifier.ready(self._summary())

    # --- what others are told

    def _warn(self) -> None:
        self._punctuality.warnings += self._held.warnings
        self._held.warnings.clear()
        self._status_feed.warnings()

    def _publish(self, event: Event, subject: Subject | None) -> None:
        self._status_feed.event(event, subject)
        self._dirty = self._dirty or event.kind == Kind.STATE_CHANGED.label

    def _asked(self, command: Ask) -> None:
        self._status_feed.answer(command)

    def _answer(self, answer: Answer) -> None:
        self._channel.send(answer)

    def _keep_up(self, at: Instant) -> None:
        self._status_feed.keep_up(at)
        self._dirty = True

    def _feed_watchdog(self, at: Instant) -> None:
        if self._watchdog_interval is not None:
            self._notifier.watchdog()
            self._watchdog.set(Instant(at + self._watchdog_interval))

    def _summary(self) -> str:
        """`2 MASTER, 1 BACKUP`, what is wrong with the first router that is not well, and a reload that failed."""
        routers = self._engine.instances
        counts = Counter(router.state_label for router in routers)
        text = ", ".join(f"{counts[state]} {state}" for state in ("MASTER", "BACKUP", "INITIALIZE") if counts[state])
        wrong = [f"{router.name}: {trouble}" for router in routers for trouble in router.troubles]
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        text = f"{text} ({wrong[0]}{more})" if wrong else text
        last = self._status_feed.last_reload
        return f"{text}; {not_reloaded(last.error, is_bad_file=last.is_bad_file)}" if last and last.error else text


def has_terminal() -> bool:
    """Whether the process has a controlling terminal, whose end will be told by SIGHUP."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
