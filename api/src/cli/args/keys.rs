//! `headwater key`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// List keys of the subject index, and the sources that lean on them
    #[command(after_help = "Example:\n  headwater key list")]
    List,
    /// Make the next key; crawls index under it from then on, and lookups read under both
    #[command(after_help = "Example:\n  headwater key rotate && headwater crawl && headwater key list")]
    Rotate,
    /// Destroy an old key: what was indexed under it says nothing any more
    #[command(after_help = "Example:\n  headwater key destroy 1")]
    Destroy {
        /// Its number in `key list`
        epoch: u32,
        /// Though sources lean on it: they are not searched until they are crawled again
        #[arg(long)]
        anyway: bool,
    },
}
