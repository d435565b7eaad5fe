//! A real control plane on this machine, and `kubectl`.

use crate::http::Server;
use crate::kubelets::Kubelets;
use serde_json::Value;
use std::fs::File;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where the programs are.
#[derive(Clone)]
pub struct Programs {
    /// Folder with those of a release.
    pub control_plane: PathBuf,
    /// The stand-in of metrics-server.
    pub metrics: PathBuf,
    /// The descheduler.
    pub descheduler: PathBuf,
}

impl Programs {
    /// Those of a release, as `scripts/referee build` leaves them in a folder.
    pub fn of(folder: &Path, release: &str) -> Self {
        let bin = folder.join("bin");
        Self { control_plane: bin.join(release), metrics: bin.join("metrics"), descheduler: bin.join("descheduler") }
    }
}

/// Flags for autoscalers that look often, forget soon, and take pods for ready as soon as they are.
const AUTOSCALER: &str = "--horizontal-pod-autoscaler-sync-period 2s \
    --horizontal-pod-autoscaler-downscale-stabilization 4s --horizontal-pod-autoscaler-cpu-initialization-period 0s \
    --horizontal-pod-autoscaler-initial-readiness-delay 0s";

/// What a control plane needs besides its parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PlaneKind {
    /// Nothing.
    Plain,
    /// Nodes count as stopped after 16 s without a sign of life.
    Stops,
    /// What pods use is served, and autoscalers look every two seconds.
    Metrics,
    /// The scheduler has several profiles.
    Schedulers,
    /// Each cluster starts a descheduler.
    Descheduled,
}

/// A control plane, from when it answers until it is dropped.
pub struct Plane {
    programs: Programs,
    state: PathBuf,
    pub server: Server,
    pub kubelets: Kubelets,
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/referee/plane")
}

impl Plane {
    /// Starts one.
    pub fn up(programs: &Programs, state: &Path, port: u16, kind: PlaneKind) -> Result<Self> {
        if state.join("pids").exists() {
            Command::new(scripts().join("down.sh")).arg(state).status()?;
        }
        let mut command = Command::new(scripts().join("up.sh"));
        command.arg(state).arg(port.to_string()).env("BIN", &programs.control_plane);
        match kind {
            PlaneKind::Plain | PlaneKind::Descheduled => {}
            PlaneKind::Schedulers => {
                command.env("SCHEDULER", scripts().join("schedulers.json"));
            }
            PlaneKind::Stops => {
                command.env("MANAGER_ARGS", "--node-monitor-grace-period 16s");
            }
            PlaneKind::Metrics => {
                command.env("METRICS", &programs.metrics).env("MANAGER_ARGS", AUTOSCALER);
            }
        }
        let status = command.status()?;
        let server = Server { port: port + 6 };
        let kubelets = Kubelets::start(server);
        let plane = Self { programs: programs.clone(), state: state.to_owned(), server, kubelets };
        if status.success() { Ok(plane) } else { Err(Error::other("the control plane did not start")) }
    }

    fn kubectl(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(self.programs.control_plane.join("kubectl"));
        command.arg("--kubeconfig").arg(self.state.join("kubeconfig")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Runs `kubectl` until it ends.
    pub fn tell(&self, arguments: &[String], input: Option<&Value>) -> Result<()> {
        let mut command = self.kubectl(arguments);
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn()?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            pipe.write_all(input.to_string().as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(Error::other(format!("kubectl {arguments:?}: {said}"))) }
    }

    /// Starts `kubectl`, and does not wait.
    pub fn begin(&self, arguments: &[String]) -> Result<Child> {
        self.kubectl(arguments).stderr(Stdio::null()).spawn()
    }

    /// Starts the descheduler: its first pass is at once.
    pub fn deschedule(&self, policy: &Value, interval: Duration) -> Result<Child> {
        let (told, log) = (self.state.join("policy.json"), File::create(self.state.join("descheduler.log"))?);
        std::fs::write(&told, policy.to_string())?;
        let mut command = Command::new(&self.programs.descheduler);
        command.arg("--kubeconfig").arg(self.state.join("kubeconfig")).arg("--policy-config-file").arg(told);
        command.args(["--secure-port", "0", "--descheduling-interval", &format!("{}s", interval.as_secs())]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if let Err(error) = Command::new(scripts().join("down.sh")).arg(&self.state).status() {
            eprintln!("{}: not ended: {error}", self.state.display());
        }
    }
}
