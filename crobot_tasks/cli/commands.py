"""The table of all commands: where each is, and its line of help, so that nothing is imported to show them."""

from __future__ import annotations

import click

from crobot_tasks.cli.lazy import Branch, Entry, LazyGroup, Table

COMMANDS: Table = {
    "analysis": Branch("See analyses: locus searches, trees.", {
        "list": Entry("analyses.analyses:list_", "List the latest analyses, the newest first."),
        "show": Entry("analyses.analyses:show", "Show an analysis: its state, its job, and what it found."),
    }),
    "api": Entry("start.api:api", "Serve the HTTP API."),
    "assembly": Branch("See to the assemblies of a species.", {
        "add": Entry("species.assemblies:add", "Add a genome that was assembled elsewhere."),
        "gff": Entry("species.assembly_loci:gff", "Print the GFF of a scheme's loci in an assembly."),
        "list": Entry("species.assemblies:list_", "List the newest assemblies of a species."),
        "locus": Entry("species.assembly_loci:locus", "Show where loci of a scheme lie in an assembly."),
        "rejudge": Entry("species.assemblies:rejudge", "Judge assemblies by the limits as they are now."),
    }),
    "batch": Branch("Send and watch many jobs as one.", {
        "add": Entry("batches.making:add", "Add strains or assemblies to a batch."),
        "call": Entry("batches.making:call", "Make a batch that calls a scheme on assemblies."),
        "cancel": Entry("batches.steering:cancel", "Cancel a batch and its live jobs, for good."),
        "list": Entry("batches.overviews:list_", "List the batches that are not over, the newest first."),
        "pause": Entry("batches.steering:pause", "Send nothing more of a batch, and hold what waits."),
        "priority": Entry("batches.steering:priority", "Give a batch another priority, from 0 (the most urgent) to 9."),
        "reassemble": Entry("batches.making:reassemble", "Make a batch that assembles the reads of strains."),
        "report": Entry("batches.report:report", "Account for every item of a batch."),
        "resend": Entry("batches.resend:resend", "Send again what failed of a batch."),
        "resume": Entry("batches.steering:resume", "Go on with a batch that is paused."),
        "show": Entry("batches.overviews:show", "Show how a batch stands."),
        "watch": Entry("batches.watch:watch", "Watch a batch until it is over."),
    }),
    "beat": Entry("start.beat:beat", "Run the clock: one for the whole system is enough."),
    "callbacks": Entry("start.callbacks:callbacks", "Run plain Celery tasks, for instance callbacks of jobs."),
    "cancel": Entry("steer.cancel:cancel", "Cancel jobs, waiting or running."),
    "daily-update": Entry("maintenance.updates:daily_update", "Bring species up to date, as heads do once a day."),
    "db": Branch("See to the database's tables.", {
        "check": Entry("start.tables:check", "Say whether the database answers and its tables are current."),
        "upgrade": Entry("start.tables:upgrade", "Bring all tables to the form that this program needs."),
    }),
    "doctor": Entry("show.doctor:doctor", "Say whether this installation is sound."),
    "drain": Entry("show.nodes:drain", "Give a node no new jobs; it finishes what it has."),
    "explain": Entry("show.explain:explain", "Say why a job runs where it runs or why it waits."),
    "flower": Entry("start.flower:flower", "Run Flower, with pages for operators."),
    "head": Entry("start.head:head", "Run a head: it places jobs on nodes and writes their results."),
    "hold": Entry("steer.hold:hold", "Hold jobs until they are released."),
    "intake": Entry("species.intake:intake", "Add strains and reads of a table, and send their assemblies."),
    "jobs": Entry("show.jobs:jobs", "List jobs, the newest first."),
    "log": Entry("show.log:log", "Print a job's log."),
    "node": Entry("start.node:node", "Run a calculation node."),
    "nodes": Entry("show.nodes:nodes", "List the calculation nodes."),
    "pause": Entry("steer.pause:pause", "Send no jobs of a pipeline or a species, or none at all."),
    "policy": Branch("See to the rules of placement and retries.", {
        "check": Entry("show.policy:check", "Check a policy's file; nothing is put in force."),
        "show": Entry("show.policy:show", "Show the policy in force, since when, and from which file."),
    }),
    "priority": Entry("steer.hold:priority", "Give jobs another priority, from 0 (the most urgent) to 9."),
    "project": Branch("SNP projects: how they stand, and what they found.", {
        "list": Entry("analyses.projects:list_", "List projects, the newest first."),
        "resume": Entry("analyses.projects:resume", "Go on with a project from the step that failed."),
        "show": Entry("analyses.projects:show", "Show a project: its steps with their jobs."),
    }),
    "prune": Entry("maintenance.prune:prune", "Remove what is old: logs, files that gave no result, rows."),
    "recount": Entry("maintenance.recount:recount", "Compare every counter and every state with the jobs."),
    "release": Entry("steer.hold:release", "Release jobs that are held."),
    "resend": Entry("steer.resend:resend", "Send jobs that are over again, with other parameters if wanted."),
    "results": Entry("species.results:results", "List what is known of all genomes of a species, as one table."),
    "resume": Entry("show.nodes:resume", "Give a drained or quarantined node jobs again."),
    "scheme": Branch("See to the typing schemes of a species.", {
        "add": Entry("species.schemes:add", "Add a scheme that is not MLST."),
        "change": Entry("species.schemes:change", "Change when a scheme is called."),
        "import": Entry("species.schemes:import_", "Import an MLST scheme from PubMLST's files."),
        "list": Entry("species.schemes:list_", "List the schemes of a species."),
    }),
    "send": Branch("Send jobs.", {
        "accession": Entry("send.reads:accession", "Send runs of one isolate from the read archive."),
        "locus-search": Entry("send.analysis:locus_search", "Search nucleotide sequences."),
        "locus-table": Entry("send.analysis:locus_table", "Search nucleotide sequences in many assemblies."),
        "ms-tree": Entry("send.analysis:ms_tree", "Make a tree of the allelic profiles of assemblies."),
        "probe": Entry("send.probe:probe", "Send a job that does nothing, to see whether everything works."),
        "reads": Entry("send.reads:reads", "Send paired FASTQ files of one isolate."),
        "scheme": Entry("send.scheme:scheme", "Call a scheme of the species on assemblies."),
        "snp-project": Entry("send.snp_project:snp_project", "Send an SNP project."),
    }),
    "servers": Branch("See to the servers that CRobot starts when none are configured.", {
        "start": Entry("start.servers:start", "Run the embedded servers until Ctrl-C."),
        "status": Entry("start.servers:status", "Say what runs, where, and which processes use it."),
        "stop": Entry("start.servers:stop", "Stop the embedded servers."),
    }),
    "show": Entry("show.job:show", "Show a job: where it stands and why."),
    "simulate": Entry("show.simulate:simulate", "Simulate a workload, faster than real time."),
    "species": Branch("See to the species databases.", {
        "add": Entry("species.species:add", "Add a species."),
        "limits": Entry("species.limits:limits", "Show the limits of a species' QA, or change them."),
        "list": Entry("species.species:list_", "List the species."),
    }),
    "status": Entry("show.status:status", "Say how many jobs are in which state."),
    "token": Branch("See to who may use the HTTP API.", {
        "create": Entry("access.tokens:create", "Make a token of the HTTP API; it is shown once."),
        "list": Entry("access.tokens:list_", "List the tokens of the HTTP API, also those that are over."),
        "revoke": Entry("access.tokens:revoke", "Let a token count no longer, from now on."),
    }),
    "unpause": Entry("steer.pause:unpause", "Lift pauses; --all lifts only the one of everything."),
    "update-all-schemes": Entry(
        "maintenance.updates:update_all_schemes", "Call all schemes where results are missing or outdated."
    ),
    "update-assemblies": Entry("maintenance.updates:update_assemblies", "Assemble strains without an assembly."),
    "update-scheme": Entry("maintenance.updates:update_scheme", "Call a scheme where results are missing or outdated."),
    "wait": Entry("steer.wait:wait", "Wait until jobs are over."),
    "webhooks": Branch("See to outcomes that are posted to web apps.", {
        "list": Entry("access.webhooks:list_", "List outcomes that are posted, the newest first."),
        "off": Entry("access.webhooks:off", "Post nothing more to an address; what is for it waits."),
        "on": Entry("access.webhooks:on", "Post to an address again that is switched off."),
        "resend": Entry("access.webhooks:resend", "Post outcomes again."),
        "secret": Entry("access.webhooks:secret", "Make the secret that signs outcomes for a web app."),
        "targets": Entry("access.webhooks:targets", "Say where outcomes may be posted to, and who has a secret."),
    }),
}  # fmt: skip

crobot = LazyGroup(
    "crobot", "Reads in, typed assemblies out: the job system of a bacterial-genomics database.", COMMANDS
)
crobot = click.version_option(package_name="crobot", prog_name="crobot")(crobot)
