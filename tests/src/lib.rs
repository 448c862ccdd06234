//! Headwater as its users meet it: the real binary over real files and a real S3 server.
//!
//! [`Headwater`] runs the binary with a catalog of its own, [`Moto`] is an S3 server on loopback,
//! [`peer`] runs Python scripts that check us with other people's tools.

pub mod clouds;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take to answer its first request.
const START_SECS_MAX: u64 = 60;

/// The built binary, beside the test that runs.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let binary = test.ancestors().nth(2).expect("tests lie two folders below the build's").join("headwater");
    assert!(binary.exists(), "build the binary first: cargo build --package headwater (./test does)");
    binary
}

/// The binary with a catalog directory and an environment of its own.
pub struct Headwater {
    /// The catalog's directory.
    pub catalog: PathBuf,
    environment: Vec<(String, String)>,
    /// Standard error of all runs so far.
    logged: RefCell<String>,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Answer {
    /// Exit code; none if it was killed.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Messages.
    pub stderr: String,
}

impl Answer {
    /// Asserts an exit code and gives the answer back.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Its standard output as JSON lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Its standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }
}

impl Headwater {
    /// With a catalog in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self { catalog: folder.join("catalog"), environment: Vec::new(), logged: RefCell::default() }
    }

    /// What all runs so far wrote to standard error.
    pub fn logged(&self) -> String {
        self.logged.borrow().clone()
    }

    /// Adds an environment variable to every run.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The command, not yet run.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).env("HEADWATER_CATALOG", &self.catalog).stdin(Stdio::null());
        command.env_remove("HEADWATER_TOKEN").env_remove("HEADWATER_CONFIG");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        self.finish(&mut self.command(arguments))
    }

    fn finish(&self, command: &mut Command) -> Answer {
        let answer = answer(command.output().expect("the binary starts"));
        self.logged.borrow_mut().push_str(&answer.stderr);
        answer
    }

    /// Runs it as the holder of a token.
    pub fn run_as<S: AsRef<OsStr>>(&self, token: &str, arguments: impl IntoIterator<Item = S>) -> Answer {
        self.finish(self.command(arguments).env("HEADWATER_TOKEN", token))
    }

    /// Makes a token and gives its secret.
    #[track_caller]
    pub fn token(&self, role: &str, name: &str) -> String {
        let made = self.run(["token", "create", "--role", role, "--name", name]).expect(0);
        made.stdout.trim().to_owned()
    }

    /// All files of the catalog, the keys folder included, as bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let name = self.catalog.file_name().and_then(OsStr::to_str).expect("the catalog has a name");
        let parent = self.catalog.parent().expect("the catalog has a parent");
        for entry in std::fs::read_dir(parent).expect("the folder is there").flatten() {
            if entry.file_name().to_string_lossy().starts_with(name) {
                collect(&entry.path(), &mut files);
            }
        }
        files
    }
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("the folder is there").flatten() {
            collect(&entry.path(), files);
        }
    } else {
        files.push((path.to_owned(), std::fs::read(path).unwrap_or_default()));
    }
}

fn answer(output: Output) -> Answer {
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the copy's folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file copies");
        }
    }
}

/// A program out of the Python environment that `./test` makes.
pub fn peers(program: &str) -> Command {
    let folder = std::env::var_os("HEADWATER_PEERS")
        .expect("run by ./test, which installs the peers and sets HEADWATER_PEERS");
    Command::new(Path::new(&folder).join(program))
}

/// Runs one of our Python scripts in `tests/peers/`.
pub fn peer<S: AsRef<OsStr>>(script: &str, arguments: impl IntoIterator<Item = S>) -> Answer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    let mut command = peers("python");
    command.arg(path).args(arguments).env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_DEFAULT_REGION", "us-east-1");
    answer(command.output().expect("Python starts"))
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until something accepts connections on a port.
///
/// # Panics
/// If nothing does within a minute.
pub fn wait_for_port(port: u16) {
    let until = Instant::now() + Duration::from_secs(START_SECS_MAX);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "nothing listens on port {port}");
        std::thread::yield_now();
    }
}

/// An S3 server (moto) on loopback; it goes with the value.
pub struct Moto {
    server: Child,
    /// Its URL.
    pub endpoint: String,
}

impl Moto {
    /// Starts one.
    pub fn start() -> Self {
        let port = free_port();
        let mut command = peers("moto_server");
        command
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = command.spawn().expect("moto starts");
        wait_for_port(port);
        Self { server, endpoint: format!("http://127.0.0.1:{port}") }
    }

    /// The environment in which an S3 client finds it.
    pub fn environment(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// A server that passes requests on to another one, badly; it goes with the value.
pub struct Flaky {
    server: Child,
    /// Its URL.
    pub url: String,
}

impl Flaky {
    /// Some requests are refused, some answers lost or cut short.
    pub fn before(moto: &Moto) -> Self {
        Self::start(moto, &[])
    }

    /// Tags of objects are denied, all else is passed on as it is.
    pub fn denying_tags(moto: &Moto) -> Self {
        Self::start(moto, &["deny-tags"])
    }

    fn start(moto: &Moto, how: &[&str]) -> Self {
        let port = free_port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/flaky.py");
        let mut command = peers("python");
        command.arg(script).args([&moto.endpoint, &port.to_string()]).args(how).stderr(Stdio::null());
        let server = command.spawn().expect("Python starts");
        wait_for_port(port);
        Self { server, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Flaky {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// A running `headwater serve`; it goes with the value.
pub struct Daemon {
    process: Child,
    log: Option<JoinHandle<String>>,
    /// Its URL.
    pub url: String,
}

impl Daemon {
    /// Starts it over a catalog and waits until it answers.
    pub fn start(headwater: &Headwater, arguments: &[&str]) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = headwater.command(["serve", "--listen", &listen]);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the daemon starts");
        // Its log is drained, so that it never blocks on a full pipe, and shown if the test fails.
        let log = BufReader::new(process.stderr.take().expect("stderr is piped"));
        let log = std::thread::spawn(move || {
            let shown = |line: String| {
                eprintln_log(&line);
                line + "\n"
            };
            log.lines().map_while(Result::ok).map(shown).collect()
        });
        wait_for_port(port);
        Self { process, log: Some(log), url: format!("http://{listen}") }
    }

    /// Ends it and gives all that it logged.
    pub fn end(mut self) -> String {
        self.process.kill().ok();
        let log = self.log.take().expect("it is ended once");
        log.join().expect("its log is read to the end")
    }
}

#[expect(clippy::print_stderr, reason = "the daemon's log belongs into a failing test's output")]
fn eprintln_log(line: &str) {
    eprintln!("daemon: {line}");
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
