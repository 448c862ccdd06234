//! Commands, their arguments and their help; every command shows examples.

mod keys;
mod lake;
mod people;

use std::path::PathBuf;

use catalog::model::{Depth, Role, Timestamp};
use clap::{Args, Parser, Subcommand};

use crate::auth::parse_role;
use crate::config::Flags;

pub(crate) use keys::Key;
pub(crate) use lake::{Annotate, Search};
pub(crate) use people::{Erase, Subject};

/// A data-lake catalog that knows blobs by their bytes and erases one person's data with proof.
#[derive(Debug, Parser)]
#[command(
    name = "headwater",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  headwater crawl /data/lake              know what is in there; s3://bucket/prefix works too
  headwater datasets                      what was found
  headwater search \"format:parquet orders\"
  headwater sql \"select count(*) from orders\"
  headwater subject find --id email=ada@mail.example

The catalog lies in --catalog DIR, else HEADWATER_CATALOG, else ./headwater-data; its keys lie in DIR.keys.
While `headwater serve` runs on a catalog, other commands ask that daemon.
Exit codes: 0 done, 1 nothing found or findings left, 2 wrong use, 3 failed."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Directory of the catalog [default: $HEADWATER_CATALOG or ./headwater-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Configuration file [default: $HEADWATER_CONFIG or ./headwater.toml if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object a line instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on stderr; twice for still more (HEADWATER_LOG sets it finer)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Arguments {
    /// How much is logged unless the environment says.
    pub(crate) fn log_level(&self) -> &'static str {
        match (self.global.verbose, matches!(self.command, Command::Serve(_))) {
            (0, false) => "warn",
            (0, true) | (1, _) => "info",
            _ => "debug",
        }
    }

    /// The flags as configuration takes them.
    pub(crate) fn flags(&self) -> Flags {
        let listen = match &self.command {
            Command::Serve(serve) => serve.listen.clone(),
            _ => None,
        };
        Flags { catalog: self.global.catalog.clone(), config: self.global.config.clone(), listen }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what files are, by their bytes (no catalog needed)
    Sniff(Files),
    /// Find personal data in files (no catalog needed)
    Scan(ScanFiles),
    /// Crawl sources now: know every blob by its bytes
    Crawl(Crawl),
    /// List datasets: what lies in the lake, with schemas
    Datasets(Datasets),
    /// Tag and describe datasets, blobs and columns, and say whose they are
    Annotate(Annotate),
    /// Show what is personal and why; confirm or reject it
    Findings(Findings),
    /// Show where things came from and where they went
    Lineage(Lineage),
    /// Find datasets and blobs by words and facets
    Search(Search),
    /// Ask SQL over the raw blobs
    Sql(Sql),
    /// Find one person, everywhere
    #[command(subcommand)]
    Subject(Subject),
    /// Erase one person with proof: plan, approve, run, verify, certificate
    #[command(subcommand, after_help = people::ERASE_HELP)]
    Erase(Erase),
    /// Infer, show, compare, check and pin schemas
    #[command(subcommand)]
    Schema(Schema),
    /// List crawls, pipeline runs and erasures
    Runs(Runs),
    /// Show the audit log, or check that nobody changed it
    #[command(subcommand)]
    Audit(Audit),
    /// Make, list and end access tokens
    #[command(subcommand)]
    Token(Token),
    /// Change and destroy the keys of the subject index
    #[command(subcommand)]
    Key(Key),
    /// Export, import, check or rewrite the catalog
    #[command(subcommand)]
    Catalog(Upkeep),
    /// Run the daemon: schedules, HTTP API and pages
    Serve(Serve),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  headwater completions bash > /etc/bash_completion.d/headwater")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater findings
  headwater findings orders
  headwater findings orders --reject order_ref PHONE_NUMBER
  headwater findings orders --confirm c7 PERSON_NAME
  headwater findings --record --json")]
pub(crate) struct Findings {
    /// Only of one dataset: its name, root or id
    pub(crate) dataset: Option<String>,
    /// Say that a kind is in a feature, whatever recognisers make of it
    #[arg(long, num_args = 2, value_names = ["FEATURE", "KIND"], requires = "dataset", group = "decision")]
    pub(crate) confirm: Vec<String>,
    /// Say that a finding is a false alarm
    #[arg(long, num_args = 2, value_names = ["FEATURE", "KIND"], requires = "dataset", group = "decision")]
    pub(crate) reject: Vec<String>,
    /// Take back what was said
    #[arg(long, num_args = 2, value_names = ["FEATURE", "KIND"], requires = "dataset", group = "decision")]
    pub(crate) forget: Vec<String>,
    /// Say it also of the same feature in datasets that lineage connects, unless somebody decided there
    #[arg(long, requires = "decision")]
    pub(crate) spread: bool,
    /// One entry a dataset: which kinds, in which features, why, purpose, retention, recipients (GDPR Art. 30)
    #[arg(long, conflicts_with_all = ["dataset", "decision"])]
    pub(crate) record: bool,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

/// `--as-of`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct AsOf {
    /// Answer as the catalog was at a time (RFC 3339, or a date)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) as_of: Option<Timestamp>,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "give a time such as 2026-05-01 or 2026-05-01T12:00:00Z".to_owned())
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater crawl /data/lake
  headwater crawl s3://bucket/prefix --json
  headwater crawl s3://huge --depth head          formats and datasets only; people are not searched for
  headwater crawl                                 everything known, again: only what changed is read

Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...) or from the configuration file.
A blob that cannot be read is recorded with an anomaly and stops nothing.")]
pub(crate) struct Crawl {
    /// Folders or URLs; all known sources if none is given
    pub(crate) urls: Vec<String>,
    /// How much of each blob to read: head (what it is), sample (its first rows too) or full
    #[arg(long, default_value = "full", value_name = "DEPTH", value_parser = |text: &str| text.parse::<Depth>().map_err(|error| error.context))]
    pub(crate) depth: Depth,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater lineage                                        every edge
  headwater lineage landing/crm/customers.csv --down       what was made of it
  headwater lineage curated/orders --up --json
  headwater lineage --dot | dot -Tsvg > lineage.svg")]
pub(crate) struct Lineage {
    /// A path, a URI, a dataset's name or an artifact's number; everything if absent
    pub(crate) thing: Option<String>,
    /// Only what it came from
    #[arg(long, conflicts_with = "down", requires = "thing")]
    pub(crate) up: bool,
    /// Only what came from it
    #[arg(long, requires = "thing")]
    pub(crate) down: bool,
    /// How many steps
    #[arg(long, value_name = "STEPS", requires = "thing")]
    pub(crate) depth: Option<usize>,
    /// Print a Graphviz digraph
    #[arg(long, conflicts_with = "json")]
    pub(crate) dot: bool,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater sql \"show tables\"
  headwater sql \"select country, count(*) from customers group by country\"
  headwater sql --csv \"select * from orders\" > orders.csv
  headwater sql --arrow - < query.sql > answer.arrows

Every dataset is a table of schema lake, the default one; tables of databases and members of archives are
DATASET__MEMBER; schema headwater holds the catalog itself (headwater.blobs, headwater.datasets, ...).
Columns with personal data read as null unless you may see them.")]
pub(crate) struct Sql {
    /// One statement that reads, or - to read it from stdin
    pub(crate) query: String,
    /// Print CSV
    #[arg(long, conflicts_with_all = ["json", "arrow"])]
    pub(crate) csv: bool,
    /// Print an Arrow IPC stream
    #[arg(long, conflicts_with = "json")]
    pub(crate) arrow: bool,
    /// Rows at most [default: 200 in a table, else all]
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater datasets
  headwater datasets orders --files
  headwater datasets --json | jq -r .root
  headwater datasets --as-of 2026-05-01

Where the grouping is wrong, the configuration file says what belongs together; the next crawl heeds it:
  [[source]]
  url = \"s3://lake/raw\"
  [[source.dataset]]
  paths = [\"crm/**/orders*.csv\"]   # the first that matches a path counts
  name = \"orders\"                # or split = \"file\", split = \"folder\", exclude = true")]
pub(crate) struct Datasets {
    /// Only those with this name, root or id
    pub(crate) dataset: Option<String>,
    /// With the paths of their blobs
    #[arg(long)]
    pub(crate) files: bool,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater sniff landing/*
  headwater sniff --json exports/ | jq -r .format | sort | uniq -c
  find landing -name '*.csv*' -print0 | headwater sniff --files-from -
  zcat dump.gz | headwater sniff -")]
pub(crate) struct Files {
    /// Files, folders, URLs, or - for stdin
    #[arg(required_unless_present = "files_from")]
    pub(crate) paths: Vec<String>,
    /// A list of files and folders, one a line or each ended by a zero byte; - for stdin
    #[arg(long, value_name = "LIST")]
    pub(crate) files_from: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater scan exports/
  headwater scan --json customers.csv | jq -r .kind | sort | uniq -c
  kubectl logs app | headwater scan -

It prints places and kinds, never values. Exit 1 if nothing was found.")]
pub(crate) struct ScanFiles {
    /// Files, folders, URLs, or - for stdin
    #[arg(required = true)]
    pub(crate) paths: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Infer one schema that the rows of some files fit (no catalog needed)
    #[command(
        after_help = "Examples:\n  headwater schema infer orders/*.csv\n  headwater schema infer --json events.ndjson.gz"
    )]
    Infer {
        /// Files, folders, URLs, or - for stdin
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Show a dataset's schema, or all that it has had; of all datasets without an argument
    #[command(
        after_help = "Examples:\n  headwater schema show orders\n  headwater schema show orders --history"
    )]
    Show {
        /// A dataset's name, root or id
        dataset: Option<String>,
        /// All versions, newest first, with what each changed
        #[arg(long)]
        history: bool,
        #[command(flatten)]
        at: AsOf,
    },
    /// Compare schemas: of a dataset at two times, or of two datasets; exit 1 if they differ
    #[command(
        after_help = "Examples:\n  headwater schema diff orders --from 2026-05-01\n  headwater schema diff orders orders_archive"
    )]
    Diff {
        /// The old dataset
        dataset: String,
        /// The new dataset, if it is another one
        other: Option<String>,
        /// When the old schema counted
        #[arg(long, value_name = "TIME", value_parser = parse_time, required_unless_present = "other")]
        from: Option<Timestamp>,
        /// When the new schema counted [default: now]
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        to: Option<Timestamp>,
    },
    /// Check what was observed against the schema; exit 1 if anomalies are left
    #[command(
        after_help = "Examples:\n  headwater schema validate orders\n  headwater schema validate features --environment SERVING --json"
    )]
    Validate {
        /// A dataset's name, root or id
        dataset: String,
        /// Features may be absent where the schema does not expect them
        #[arg(long, value_name = "NAME")]
        environment: Option<String>,
        #[command(flatten)]
        at: AsOf,
    },
    /// Pin a dataset's schema: later blobs are judged by it and do not widen it
    #[command(after_help = "Examples:\n  headwater schema pin orders\n  headwater schema pin orders --off")]
    Pin {
        /// A dataset's name, root or id
        dataset: String,
        /// Let it widen again
        #[arg(long)]
        off: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Upkeep {
    /// Write the whole catalog, history and all, to one checksummed file
    #[command(after_help = "Example:\n  headwater catalog export backup.headwater")]
    Export {
        /// A file that is not there yet
        file: PathBuf,
    },
    /// Read an export into an empty catalog directory
    #[command(after_help = "Example:\n  headwater --catalog ./restored catalog import backup.headwater")]
    Import {
        /// A file that `catalog export` wrote
        file: PathBuf,
    },
    /// Check that every record, index, journal line and audit entry is whole; exit 1 if not
    #[command(after_help = "Example:\n  headwater catalog check --json")]
    Check,
    /// Leave no removed or overwritten value in the catalog's files
    #[command(after_help = "Example:\n  headwater catalog rewrite")]
    Rewrite,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  headwater runs\n  headwater runs 42\n  headwater runs --limit 5 --json")]
pub(crate) struct Runs {
    /// Only this one, with what it read and wrote
    pub(crate) run: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Show entries, newest first
    #[command(after_help = "Example:\n  headwater audit list --limit 20")]
    List {
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Check the chain of hashes from its first entry; exit 1 if it breaks
    #[command(after_help = "Example:\n  headwater audit verify --json")]
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print its secret, which is shown this once
    #[command(after_help = "\
Examples:
  headwater token create --role approver --name bob
  headwater token create --role viewer --role analyst --name dashboards
  HEADWATER_TOKEN=hwt_... headwater erase approve PLAN --hash HASH     speak as its holder

Roles: viewer reads; analyst runs SQL too; steward crawls, curates schemas, reports lineage; privacy-officer looks
people up, plans and runs erasures; approver approves erasures that somebody else asked for; admin makes tokens.")]
    Create {
        /// What its holder may do; repeat for several
        #[arg(long = "role", required = true, value_parser = parse_role)]
        roles: Vec<Role>,
        /// Who its holder is; one name is one principal, whatever tokens it has
        #[arg(long)]
        name: Option<String>,
    },
    /// List tokens, without their secrets
    #[command(after_help = "Example:\n  headwater token list")]
    List,
    /// End tokens by name or id
    #[command(after_help = "Example:\n  headwater token revoke bob")]
    Revoke {
        /// A name, or an id from `token list`
        which: String,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater serve
  headwater serve --listen 0.0.0.0:7878        beyond loopback only once a token exists; put a TLS proxy in front

Sources and schedules stand in the configuration file:
  [[source]]
  url = \"s3://lake/raw\"
  schedule = \"0 3 * * *\"       # cron, UTC")]
pub(crate) struct Serve {
    /// Address of API and pages [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Address of ML Metadata's gRPC service
    #[arg(long, value_name = "ADDR")]
    pub(crate) grpc_listen: Option<String>,
    /// Address of the PostgreSQL wire protocol
    #[arg(long, value_name = "ADDR")]
    pub(crate) pg_listen: Option<String>,
    /// Address of Arrow Flight SQL
    #[arg(long, value_name = "ADDR")]
    pub(crate) flight_listen: Option<String>,
}
