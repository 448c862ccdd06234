//! The daemon: API, pages and schedule as tasks of one process, since one process owns a sled directory.

use std::net::SocketAddr;
use std::sync::Arc;

use catalog::model::{AccessToken, Execution, Property, Timestamp};
use catalog::{AsOf, Error, Result};
use crawler::ctx::Silent;
use crawler::schedule::{Schedule, run_schedule};
use crawler::source::Lake;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::auth;
use crate::compose::{App, OpenError, local_principal};
use crate::config::Config;
use crate::error::chain;
use crate::keys::write_private;
use crate::reach::Reach;
use crate::routes::{State, guard::Guard, metrics::Metrics, server};

/// Serves until the process is told to end.
///
/// # Errors
/// `Conflict` if another process holds the catalog, `Denied` if strangers could reach it and no token exists.
pub(crate) async fn run(config: Config) -> Result<()> {
    let listen = config.listen;
    let app = match App::open(config, Arc::new(Silent)) {
        Ok(app) => Arc::new(app),
        Err(OpenError::Failed(error)) => return Err(error),
        Err(OpenError::Locked(_)) => {
            let context = "another process holds the catalog; end it first, or serve another --catalog";
            return Err(Error::conflict("serve", context));
        }
    };
    refuse_strangers(&app, listen)?;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Error::unavailable("serve", format!("cannot listen on {listen}")).with_source(error)
    })?;
    let address =
        listener.local_addr().map_err(|error| Error::unavailable("serve", "").with_source(error))?;

    let secret = auth::new_secret(app.catalog.env());
    let state = Arc::new(State {
        guard: Guard::new(&secret, local_principal()),
        metrics: Metrics::new()?,
        loopback: address.ip().is_loopback(),
        app: app.clone(),
    });
    let reach = Reach { url: format!("http://{}", near(address)), secret };
    let serve_file = app.keys.serve_file();
    let text = serde_json::to_vec(&reach).map_err(|error| Error::internal("serve", "").with_source(error))?;
    write_private(&serve_file, &text)
        .map_err(|error| Error::unavailable("serve", "cannot write serve.json").with_source(error))?;

    // The first search would wait for it otherwise; whatever is wrong with it, that search is told.
    let searched = app.clone();
    tokio::task::spawn_blocking(move || searched.index().map(drop));

    let (stop, stopped) = watch::channel(false);
    let ctx = app.ctx.clone();
    let sources = scheduled(&app)?;
    let schedule = tokio::spawn(async move { run_schedule(&ctx, sources, stopped).await });

    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    let service = server::router(state).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(told_to_end()).await;
    // Nobody can ask any more; a file that stayed would only send commands to a closed door.
    let _ = std::fs::remove_file(&serve_file);
    // A crawl under way is finished: what it read would be read again otherwise.
    let _ = stop.send(true);
    if let Err(error) = schedule.await {
        tracing::error!(error = %error, "the schedule broke off");
    }
    app.catalog.flush()?;
    tracing::info!("ended");
    served.map_err(|error| Error::unavailable("serve", "the listener failed").with_source(error))
}

/// Sources with a schedule, and when each was crawled last. One that cannot be opened now is told and left out: the
/// daemon must come up without it.
fn scheduled(app: &App) -> Result<Vec<(Lake, Schedule, Timestamp)>> {
    let now = app.catalog.env().clock.now();
    let mut sources = Vec::new();
    for source in &app.config.sources {
        let Some(expression) = &source.schedule else { continue };
        let schedule: Schedule = expression.parse()?;
        match app.lake(&source.url) {
            Ok(lake) => {
                let last = last_crawl(app, &lake)?.unwrap_or(now);
                tracing::info!(source = %lake.source_id(), schedule = expression, "scheduled");
                sources.push((lake, schedule, last));
            }
            Err(error) => tracing::error!(
                schedule = expression,
                error = chain(&error),
                "cannot open a scheduled source"
            ),
        }
    }
    Ok(sources)
}

fn last_crawl(app: &App, lake: &Lake) -> Result<Option<Timestamp>> {
    let id = Property::String(lake.source_id().0);
    let executions: Vec<Execution> = app.catalog.all(AsOf::Now)?;
    let crawls = executions.iter().filter(|execution| execution.properties.get("source") == Some(&id));
    Ok(crawls.map(|execution| execution.started).max())
}

/// Beyond loopback anybody may knock: there must be a token that somebody holds.
fn refuse_strangers(app: &App, listen: SocketAddr) -> Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    let tokens: Vec<AccessToken> = app.catalog.all(AsOf::Now)?;
    if tokens.iter().any(|token| token.revoked.is_none()) {
        return Ok(());
    }
    let context = format!(
        "{listen} can be reached from elsewhere and no token exists; run `headwater token create` first"
    );
    Err(Error::denied("serve", context))
}

/// The address under which this machine reaches a listener.
fn near(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(any) if any.ip().is_unspecified() => ([127, 0, 0, 1], any.port()).into(),
        SocketAddr::V6(any) if any.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, any.port()).into()
        }
        other => other,
    }
}

/// Ends on Ctrl-C, and on what `kill` and service managers send.
async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            let _ = interrupted.await;
            return;
        };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
    tracing::info!("ending: open requests are finished first");
}
