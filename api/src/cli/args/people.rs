//! Commands about one person: `subject` and `erase`.

use std::path::PathBuf;

use catalog::model::{Ground, Timestamp};
use clap::Subcommand;

fn ground(text: &str) -> Result<Ground, String> {
    let named = serde_json::Value::String(text.to_owned());
    serde_json::from_value(named).map_err(|_| "that is none of the exceptions".to_owned())
}

/// What stands under `headwater erase --help`.
pub(super) const ERASE_HELP: &str = "\
Example, from request to certificate:
  headwater erase plan --id email=ada@mail.example            prints the plan and its hash; changes nothing
  headwater token create --role approver --name bob           once; another person keeps it
  HEADWATER_TOKEN=hwt_... headwater erase approve PLAN --hash HASH
  headwater erase run PLAN --hash HASH
  headwater erase verify PLAN
  headwater erase certificate PLAN > certificate.json

Whoever asked for or planned an erasure cannot approve it. On the machine itself you act as local:USER; with
HEADWATER_TOKEN you act as the holder of that token.";

#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Find every place of a person, confirmed in the bytes; exit 1 if there is none
    #[command(after_help = "\
Examples:
  headwater subject find --id email=ada@mail.example
  headwater subject find --id email=ada@mail.example --expand      keys in her rows too
  headwater subject find --id phone=+491701234567 --id customer_id=1042 --json

Kinds: email phone iban card ip national_id, or any key column, such as customer_id.
Identifiers typed here may stay in your shell's history; --id @FILE reads one a line from a file (@- from stdin).
What could not be searched is told on stderr. Every lookup stands in the audit log, without its value.")]
    Find {
        /// KIND=VALUE of the person; repeat for several
        #[arg(long = "id", required = true, value_name = "KIND=VALUE")]
        ids: Vec<String>,
        /// Follow the keys in the person's rows and show where they lead
        #[arg(long)]
        expand: bool,
        /// Read every blob instead of those that the index names
        #[arg(long)]
        scan: bool,
        /// What was held then
        #[command(flatten)]
        at: super::AsOf,
    },
    /// Make a package of what is held of a person, to hand over (Art. 15 and 20 GDPR); exit 1 if nothing is held
    #[command(after_help = "\
Examples:
  headwater subject package --id email=ada@mail.example --out ada.zip
  headwater subject package --id email=ada@mail.example --id customer_id=1042 --expand --out ada-folder/

It holds index.html to read, data.ndjson with every record and its place, and manifest.json with digests and with what
could not be searched. In records that name somebody else too, what is personal and not surely the person's is masked.
Read it before you send it: the keys that --expand follows are found by machine.")]
    Package {
        /// KIND=VALUE of the person; repeat for several, @FILE reads one a line
        #[arg(long = "id", required = true, value_name = "KIND=VALUE")]
        ids: Vec<String>,
        /// A file FILE.zip, or a folder; it must not be there yet
        #[arg(long, value_name = "PATH")]
        out: PathBuf,
        /// Take the records too that the keys in the person's records lead to
        #[arg(long)]
        expand: bool,
        /// Read every blob instead of those that the index names
        #[arg(long)]
        scan: bool,
        /// Leave other people's data in shared records
        #[arg(long)]
        keep_others: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Erase {
    /// Record a request and plan it; nothing is changed
    #[command(after_help = "\
Examples:
  headwater erase plan --id email=ada@mail.example
  headwater erase plan --id email=ada@mail.example --id customer_id=1042 --json
  headwater erase plan --ids-file people.txt             thousands of people, each blob read once
  headwater erase plan --request REQUEST                 plan anew, for instance after the lake changed
  headwater erase plan --rectify email=adda@mail.example --with ada@mail.example    put a wrong value right

What is done where stands in the configuration: [[erasure]] with path, dataset, kind, and a method of remove, null, mask,
pseudonymise, delete_blob or report.")]
    Plan {
        /// KIND=VALUE of the person; repeat for several, @FILE reads one a line
        #[arg(long = "id", required_unless_present_any = ["request", "ids_file", "rectify"], value_name = "KIND=VALUE")]
        ids: Vec<String>,
        /// Identifiers of one person or of thousands, KIND=VALUE a line; - reads stdin
        #[arg(long, value_name = "FILE")]
        ids_file: Option<String>,
        /// Plan anew for a request that is there already
        #[arg(long)]
        request: Option<String>,
        /// Ground under Art. 17(1) GDPR [default: request of the data subject]
        #[arg(long, value_name = "TEXT")]
        basis: Option<String>,
        /// A wrong value to be put right instead of erasing anybody (Art. 16 GDPR)
        #[arg(long, value_name = "KIND=VALUE", requires = "with", conflicts_with_all = ["ids", "ids_file"])]
        rectify: Option<String>,
        /// The right value
        #[arg(long, value_name = "VALUE", requires = "rectify")]
        with: Option<String>,
        /// When the request reached you: the month runs from then [default: now]
        #[arg(long, value_name = "DATE", value_parser = super::parse_time)]
        received: Option<Timestamp>,
        /// Read every blob instead of those that the index names
        #[arg(long)]
        scan: bool,
    },
    /// Show a request with its plan, steps and what to do next
    #[command(after_help = "Example:\n  headwater erase show PLAN")]
    Show {
        /// A plan or a request
        which: String,
        /// As it was then
        #[command(flatten)]
        at: super::AsOf,
    },
    /// Approve somebody else's plan by its hash
    #[command(after_help = "\
Example:
  HEADWATER_TOKEN=hwt_... headwater erase approve PLAN --hash HASH

The approval must come from another principal than the one who asked: make a token for that person with
`headwater token create --role approver --name NAME`.")]
    Approve {
        /// The plan
        plan: String,
        /// Its hash, as `erase plan` and `erase show` print it
        #[arg(long)]
        hash: String,
    },
    /// Carry out an approved plan; repeat it after an interruption
    #[command(after_help = "\
Examples:
  headwater erase run PLAN --hash HASH --dry-run      all but the writes; needs no approval, exit 1 if a step would stop
  headwater erase run PLAN --hash HASH")]
    Run {
        /// The plan
        plan: String,
        /// Its hash
        #[arg(long)]
        hash: String,
        /// Read and rewrite into nowhere, and tell what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Take two more months for a request, with a reason to tell the person (Art. 12(3) GDPR)
    #[command(
        after_help = "Example:\n  headwater erase extend REQUEST --reason \"4,000 requests in one week\""
    )]
    Extend {
        /// A plan or a request
        which: String,
        /// Why, for people; name nobody
        #[arg(long)]
        reason: String,
    },
    /// Refuse a request, with a reason to tell the person; nothing is erased (Art. 17(3) GDPR)
    #[command(after_help = "\
Example:
  headwater erase refuse REQUEST --ground legal_obligation --reason \"invoices are kept ten years by tax law\"")]
    Refuse {
        /// A plan or a request
        which: String,
        /// The exception that applies
        #[arg(long, value_parser = ground, value_name = "GROUND", help = "expression, legal_obligation, \
            public_health, archiving, legal_claims, unfounded or not_identified")]
        ground: Ground,
        /// Why it applies, for people; name nobody
        #[arg(long)]
        reason: String,
    },
    /// Look for erased persons in what came back, and plan their erasure again; exit 1 if somebody did
    #[command(after_help = "\
Examples:
  headwater erase replay            after a backup was restored: reads what is new and what the index names
  headwater erase replay --scan     reads every blob, old versions too")]
    Replay {
        /// Read every blob instead of those that the index names
        #[arg(long)]
        scan: bool,
    },
    /// Look for the person afresh, in the lake and in the catalog; exit 1 if something is left
    #[command(after_help = "Example:\n  headwater erase verify PLAN")]
    Verify {
        /// A plan or a request
        which: String,
    },
    /// Print the signed certificate, or verify one offline; exit 1 if it is not genuine
    #[command(after_help = "\
Examples:
  headwater erase certificate PLAN > certificate.json
  headwater erase certificate --verify certificate.json --key PUBLIC_KEY")]
    Certificate {
        /// A plan or a request
        #[arg(required_unless_present = "verify")]
        which: Option<String>,
        /// Verify this certificate instead; needs no catalog
        #[arg(long, value_name = "FILE", conflicts_with = "which")]
        verify: Option<PathBuf>,
        /// The public key that must have signed it, in hex [default: the one inside]
        #[arg(long, value_name = "HEX", requires = "verify")]
        key: Option<String>,
    },
    /// Hold back what must not be erased for now (Art. 17(3) GDPR)
    #[command(after_help = "\
Examples:
  headwater erase hold --id email=ada@mail.example --reason \"claim 2026-17, until the judgement\"
  headwater erase hold --under s3://lake/accounting --reason \"kept ten years by tax law\"")]
    Hold {
        /// On a person: KIND=VALUE; repeat for several, @FILE reads one a line
        #[arg(long = "id", value_name = "KIND=VALUE", required_unless_present = "under")]
        ids: Vec<String>,
        /// On all blobs whose URI begins so
        #[arg(long, value_name = "URI")]
        under: Option<String>,
        /// Why, for people; name nobody
        #[arg(long)]
        reason: String,
    },
    /// Lift a hold
    #[command(after_help = "Example:\n  headwater erase lift HOLD")]
    Lift {
        /// Its name, as `erase holds` lists it
        hold: String,
    },
    /// List holds
    #[command(after_help = "Example:\n  headwater erase holds")]
    Holds {
        /// As they were then
        #[command(flatten)]
        at: super::AsOf,
    },
    /// List requests with the days left to answer
    #[command(after_help = "Example:\n  headwater erase list")]
    List {
        /// As they were then
        #[command(flatten)]
        at: super::AsOf,
    },
}
