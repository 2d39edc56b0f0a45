//! Where the providers are. The one difference between a drill and a live incident.
//!
//! Must not know: what is sent there.

use crate::base::Fault;
use crate::base::fault::Result;
use crate::incident::Mode;

/// A provider's base URL, checked against the mode.
#[derive(Debug, Clone)]
pub struct Endpoints {
    mode: Mode,
    openai: url::Url,
}

impl Endpoints {
    /// `base` is the API's root, e.g. `https://api.openai.com/v1`. `configured`: the user set it on purpose.
    ///
    /// A drill refuses every address but loopback; live refuses loopback unless configured, and plain
    /// http to any other host.
    pub fn new(mode: Mode, base: &str, configured: bool) -> Result<Self> {
        let bad = |why: &str| {
            Fault::input(format!("the address {base} can't be used"), why)
                .hint("give the API's root, e.g. https://api.openai.com/v1")
        };
        let url = url::Url::parse(base.trim_end_matches('/')).map_err(|e| bad(&e.to_string()))?;
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost" && mode == Mode::Live,
            None => return Err(bad("it names no host")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it carries a user name or password"));
        }
        match (mode, loopback, url.scheme()) {
            (Mode::Drill, true, "http") | (Mode::Live, false, "https") => {}
            (Mode::Drill, _, _) => return Err(bad("a drill talks to this machine only")),
            (Mode::Live, true, "http" | "https") if configured => {}
            (Mode::Live, true, _) => {
                return Err(bad("a live incident does not talk to this machine unless the config says so"));
            }
            (Mode::Live, false, _) => return Err(bad("a key must not travel without TLS")),
        }
        Ok(Self { mode, openai: url })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Every address is on this machine: no proxy has business with it.
    pub fn is_local(&self) -> bool {
        match self.openai.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// No address needs TLS.
    pub fn is_plain(&self) -> bool {
        self.openai.scheme() == "http"
    }

    /// The base URL of a provider, without a slash at its end.
    pub fn base(&self, provider: &str) -> Option<&str> {
        (provider == "openai").then(|| self.openai.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_stays_on_this_machine_and_live_leaves_it() {
        let ok = |mode, base, configured| Endpoints::new(mode, base, configured).is_ok();
        assert!(ok(Mode::Drill, "http://127.0.0.1:4010/v1", false));
        assert!(!ok(Mode::Drill, "https://api.openai.com/v1", true));
        assert!(!ok(Mode::Drill, "http://localhost:1/v1", false), "a name can be made to point elsewhere");
        assert!(ok(Mode::Live, "https://api.openai.com/v1", false));
        assert!(!ok(Mode::Live, "http://127.0.0.1:4010/v1", false));
        assert!(ok(Mode::Live, "http://127.0.0.1:4010/v1", true));
        assert!(!ok(Mode::Live, "http://api.example.com/v1", true));
        assert!(!ok(Mode::Live, "https://u:p@api.example.com/v1", true));
        assert!(!ok(Mode::Live, "nonsense", true));
        let local =
            |base| Endpoints::new(Mode::Live, base, true).map(|ends| (ends.is_local(), ends.is_plain())).unwrap();
        assert_eq!(local("http://127.0.0.1:4010/v1"), (true, true));
        assert_eq!(local("https://api.openai.com/v1"), (false, false));
    }
}
