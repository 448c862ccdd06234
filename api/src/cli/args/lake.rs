//! Arguments of the commands that find things in the catalog and say something of them.

use clap::Args;

use super::AsOf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater search orders
  headwater search \"format:parquet column:email\"
  headwater search \"is:dataset size:>1MB tag:gold -customers\"
  headwater search \"modified:>=2024-05 owner:finance\"
  headwater search \"*\" --facets                          how everything spreads over formats, tags, owners, ...
  headwater search --suggest \"format:parquet col\"         how a query may go on
  headwater search --json \"anomaly:truncated\"

Fields: format layer anomaly kind tag owner description is column path name source id; numbers: size rows; times: modified
(of blobs). Quote \"words that stand together\", exclude with -word, join alternatives with OR, * is everything.")]
pub(crate) struct Search {
    /// Words and facets; all must fit
    #[arg(required_unless_present = "suggest", num_args = 1..)]
    pub(crate) query: Vec<String>,
    /// How many hits at most; with --facets, how many values of each
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// Count what fits by format, layer, tag, owner, kind, anomaly, source, folder, column, size and year
    #[arg(long, conflicts_with = "suggest")]
    pub(crate) facets: bool,
    /// Say how a query that begins so may go on
    #[arg(long, value_name = "BEGINNING", conflicts_with_all = ["query", "as_of"])]
    pub(crate) suggest: Option<String>,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  headwater annotate orders --tag gold --owner data-platform --describe \"One row an order, loaded nightly\"
  headwater annotate orders --column email --tag contact --describe \"Where receipts go\"
  headwater annotate s3://lake/raw/2019/dump.csv --tag deprecated
  headwater annotate orders --untag gold --describe \"\"
  headwater annotate orders --history --json
  headwater annotate                          everything that was said

What is said stays over later crawls, and goes over to the dataset that takes the blobs when they are grouped anew.
`search tag:gold` finds it. Owners are teams, roles or names of tokens: what reads like personal data is refused.")]
pub(crate) struct Annotate {
    /// A dataset's name, root or id, or a blob's URI, path or id; everything if absent
    pub(crate) thing: Option<String>,
    /// Speak of one column of it
    #[arg(long, value_name = "COLUMN", requires = "thing")]
    pub(crate) column: Option<String>,
    /// Add a tag; repeat for several
    #[arg(long = "tag", value_name = "TAG", requires = "thing")]
    pub(crate) tags: Vec<String>,
    /// Take a tag away
    #[arg(long, value_name = "TAG", requires = "thing")]
    pub(crate) untag: Vec<String>,
    /// Add an owner
    #[arg(long = "owner", value_name = "NAME", requires = "thing")]
    pub(crate) owners: Vec<String>,
    /// Take an owner away
    #[arg(long, value_name = "NAME", requires = "thing")]
    pub(crate) disown: Vec<String>,
    /// Say what it is; an empty text takes that away
    #[arg(long = "describe", value_name = "TEXT", requires = "thing")]
    pub(crate) description: Option<String>,
    /// All that was ever said of it, newest first
    #[arg(long, requires = "thing", conflicts_with_all = ["tags", "untag", "owners", "disown", "description", "as_of"])]
    pub(crate) history: bool,
    #[command(flatten)]
    pub(crate) at: AsOf,
}
