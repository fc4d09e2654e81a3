"""Every exception of CRobot: one root, below it the families that decide what happens next; imports none of ours."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class OutcomeKind(StrEnum):
    """How an attempt ended; the kind alone decides whether the job is tried again."""

    OK = "ok"
    #: the tools said no (bad reads, too few taxa): final, trying again gives the same answer
    TOOL = "tool"
    #: the node vanished, or lost the attempt
    NODE_LOST = "node_lost"
    #: somebody stopped the node: the job is not to blame
    NODE_STOPPED = "node_stopped"
    OUT_OF_MEMORY = "out_of_memory"
    TIME_LIMIT = "time_limit"
    DISK_FULL = "disk_full"
    #: a tool or file that the node promised is not there
    NODE_BROKEN = "node_broken"
    CANCELLED = "cancelled"
    #: the job took node after node with it: final
    POISON = "poison"
    #: the body asked to be run again (Celery's `self.retry`): nobody's fault, and no try of the policy's
    RETRY = "retry"
    #: a defect of CRobot itself, or a result that cannot be processed
    INTERNAL = "internal"


#: ended for the node's reason: a broken tool or a full disk says nothing about the job, another node may do it
TRIED_AGAIN = frozenset(
    {
        OutcomeKind.NODE_LOST,
        OutcomeKind.NODE_STOPPED,
        OutcomeKind.OUT_OF_MEMORY,
        OutcomeKind.TIME_LIMIT,
        OutcomeKind.DISK_FULL,
        OutcomeKind.NODE_BROKEN,
    }
)


def printable(text: str) -> str:
    """Return a text whose lines are kept, and in which characters that cannot be seen are escaped."""
    return "".join(each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in text)


#: more of what an exception says is left out: some say all of their input
TEXT_CHARACTERS = 2000


def text_of(error: BaseException) -> str:
    """Return what an exception says of itself; never raises, and never returns more than a person can read."""
    try:
        words = str(error)
    # An exception's own code may raise whatever it likes.
    except BaseException:  # noqa: BLE001
        return "(what it says cannot be written)"
    if len(words) <= TEXT_CHARACTERS:
        return words
    left_out = f" … {len(words) - TEXT_CHARACTERS} characters left out … "
    return words[: TEXT_CHARACTERS // 2] + left_out + words[-TEXT_CHARACTERS // 2 :]


def described(error: BaseException) -> str:
    """Return the class of an exception, and what it says."""
    return f"{type(error).__name__}: {text_of(error)}"


class CRobotError(Exception):
    """The root of everything that CRobot raises on purpose; what a terminal would obey is escaped in its message."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*(printable(each) if isinstance(each, str) else each for each in args))


class BadInput(CRobotError, ValueError):
    """What was sent cannot work; the message names the value and the way out. Nothing was stored."""


class BadReads(BadInput):
    """Read files that are unreadable, empty, truncated, not FASTQ, unpaired or unequal."""


class BadAccession(BadInput):
    """Not the form of a run accession."""


class BadPath(BadInput):
    """A file that is missing, or lies outside the configured roots."""


class LateFile(CRobotError, OSError):
    """A file that a node has written, but that is not there, or not whole, in this head's view of the storage."""


class BadSimulation(BadInput):
    """A description of a cluster or a workload that cannot be simulated."""


class BadPolicy(BadInput):
    """A policy's file that cannot be; the message names line, value and reason. The old policy stays in force."""


class UnknownPipeline(BadInput):
    """No pipeline of this name."""


class UnknownVersion(BadInput):
    """The pipeline exists, but not in this version."""


class UpdateUnderWay(BadInput):
    """The same is being brought up to date by somebody else just now."""


class UnknownSpecies(BadInput):
    """No species database of this name."""


class UnknownScheme(BadInput):
    """The species has no scheme of this name."""


class BadToken(BadInput):
    """A token of the HTTP API that does not count: unknown, expired or revoked."""


class NotAllowed(BadInput):
    """Somebody may not change this, or a form was not made for them: nothing was done."""


class UnknownChange(BadInput):
    """No change of this number."""


class UnknownJob(BadInput):
    """No job of this number."""


class UnknownBatch(BadInput):
    """No batch of this name."""


class UnknownUpload(BadInput):
    """No upload of this number, or it is somebody else's."""


class UploadOver(BadInput):
    """An upload that has expired, was withdrawn or sent: nothing more can be written to it."""


class UploadTooLarge(BadInput):
    """More bytes than a file may have, than its user may have, or than it was said to have."""


class UploadOffset(BadInput):
    """Bytes that do not begin where the file ends; ``received`` is where."""

    def __init__(self, message: str, received: int) -> None:
        super().__init__(message)
        self.received = received


class UploadBusy(UploadOffset):
    """Another request is writing the file."""


class ChecksumDiffers(BadInput):
    """The bytes of a request have another checksum than it says; none of them counts."""


class UnknownAnalysis(BadInput):
    """No analysis of this id."""


class BadProfiles(BadInput):
    """A table of allelic profiles that no tree can be made of."""


class BadQuery(BadInput):
    """A sequence that cannot be searched: not nucleotides, empty, or too long."""


class UnknownNode(BadInput):
    """No node of this name has ever reported."""


class BrokenInstallation(CRobotError):
    """A Python package that a command needs is missing, or cannot be imported; other commands work."""


class ServiceError(CRobotError):
    """A server that CRobot needs does not answer, or is not ready."""


class DatabaseUnreachable(ServiceError):
    """No connection to PostgreSQL."""


class CommitLost(DatabaseUnreachable):
    """The connection was lost in a commit: it is not known whether it was stored."""


class OldMigration(ServiceError):
    """The database's tables are older (or newer) than the program."""


class StorageFull(ServiceError):
    """The shared storage takes no more of an upload; what has arrived is kept."""


class BrokerUnreachable(ServiceError):
    """No connection to the message broker."""


class ServerFailed(ServiceError):
    """An embedded server did not start or stop."""


class AttemptError(CRobotError):
    """An attempt ended badly; ``kind`` says what follows, ``details`` travels in the report."""

    kind = OutcomeKind.INTERNAL

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = str(self)
        self.details: dict[str, Any] = details


class InternalError(AttemptError):
    """A defect of CRobot or of a pipeline's own code."""


class ToolError(AttemptError):
    """The tools' verdict on the input: final."""

    kind = OutcomeKind.TOOL


class ToolFailed(ToolError):
    """A tool ended with an exit code other than 0."""


class NothingAssembled(ToolError):
    """The reads give no contig."""


class UnusableReads(ToolError):
    """The reads turned out to be broken when they were read in full."""


class UnusableAssembly(ToolError):
    """The assembly file is not nucleotide FASTA, or is empty."""


class UnusableInput(ToolError):
    """An input file turned out to be unusable when the node read it in full."""


class NotInArchive(ToolError):
    """The read archive does not have a file."""


class TooFewTaxa(ToolError):
    """A tree needs at least four."""


class NodeError(AttemptError):
    """The node's fault: tried again elsewhere."""

    kind = OutcomeKind.NODE_LOST


class NodeStopped(NodeError):
    """Somebody stopped the node: the job is not to blame."""

    kind = OutcomeKind.NODE_STOPPED


class OutOfMemory(NodeError):
    """The tools needed more memory than the attempt was given, or the machine had."""

    kind = OutcomeKind.OUT_OF_MEMORY


class TimeLimit(NodeError):
    """The tools ran longer than the attempt was given."""

    kind = OutcomeKind.TIME_LIMIT


class DiskFull(NodeError):
    """No space left where the attempt writes."""

    kind = OutcomeKind.DISK_FULL


class NodeBroken(NodeError):
    """A tool that is missing, an archive that does not answer, storage that is not mounted."""

    kind = OutcomeKind.NODE_BROKEN


class AttemptCancelled(AttemptError):
    """Somebody no longer wants the job."""

    kind = OutcomeKind.CANCELLED
