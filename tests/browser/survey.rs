//! Looks at every page of every site once at each width, and keeps what it saw for the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Log, Page as PageDomain};
use headless_chrome::{Browser, Tab};
use serde::Deserialize;

use super::server::Server;
use super::{chromium, screenshots, search, sites};

/// A desk and a phone, in CSS pixels.
pub(super) const WIDTHS: [u32; 2] = [1280, 390];
/// mdBook's themes, of which `light` and `navy` are what a reader gets who chose none.
pub(super) const THEMES: [&str; 5] = ["light", "rust", "coal", "navy", "ayu"];

/// What was seen.
pub(super) struct Survey {
    pub(super) sites: BTreeMap<String, Site>,
}

/// One site.
pub(super) struct Site {
    /// Its address, with `/` at its end.
    pub(super) address: String,
    /// Where its files are.
    pub(super) folder: PathBuf,
    /// Pages by their path below the address.
    pub(super) pages: BTreeMap<String, Page>,
    /// Where the hits of each word lead, best first.
    pub(super) hits: BTreeMap<String, Vec<String>>,
    /// What pages asked for and the server did not have.
    pub(super) refused: Vec<String>,
}

/// One page, at each of [`WIDTHS`].
pub(super) struct Page {
    pub(super) wide: Seen,
    pub(super) narrow: Seen,
}

/// What `probe.js` tells of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    url: String,
    pub(super) ids: Vec<String>,
    pub(super) links: Vec<Link>,
    pub(super) sections: Vec<Section>,
    pub(super) overflow: Option<Overflow>,
    /// Text with too little contrast.
    pub(super) contrast: Vec<String>,
    pub(super) diagrams: Vec<Diagram>,
    /// Errors and warnings of the page's scripts, and what did not load.
    pub(super) faults: Vec<String>,
}

/// A link, with its target as the browser resolves it.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub(super) target: String,
    pub(super) text: String,
}

/// A heading and the text up to the next one.
#[derive(Debug, Deserialize)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) text: String,
}

/// A page that is wider than its window.
#[derive(Debug, Deserialize)]
pub(super) struct Overflow {
    pub(super) scroll: f64,
    pub(super) width: f64,
    pub(super) offenders: Vec<String>,
}

/// A drawing with words in it.
#[derive(Debug, Deserialize)]
pub(super) struct Diagram {
    pub(super) label: String,
    /// Height of the smallest letters, as CSS counts font sizes, after all scaling.
    pub(super) smallest: Option<f64>,
    /// Words that leave the shape of their node.
    pub(super) outside: Vec<String>,
}

/// The survey, made by whoever asks first; `None` on a machine without Chromium.
#[track_caller]
pub(super) fn survey() -> Option<&'static Survey> {
    static SURVEY: OnceLock<Option<Option<Survey>>> = OnceLock::new();
    // What fails is told by the first test, and not tried again by each of the others.
    let survey = SURVEY.get_or_init(|| std::panic::catch_unwind(|| chromium::program().map(|program| look(&program))).ok());
    survey.as_ref().expect("the sites were looked at; the first test that failed says why not").as_ref()
}

fn look(program: &Path) -> Survey {
    let below = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sites");
    let (folders, browser) = std::thread::scope(|scope| {
        let browser = scope.spawn(|| chromium::start(program));
        (sites::build(&below), browser.join().unwrap())
    });
    // A tab for each site: the pages of one are looked at while those of the other load.
    let sites = std::thread::scope(|scope| {
        let browser = &browser;
        let visits = folders.iter().map(|(name, folder)| (name.clone(), scope.spawn(move || visit(browser, name, folder))));
        visits.collect::<Vec<_>>().into_iter().map(|(name, site)| (name, site.join().unwrap())).collect()
    });
    Survey { sites }
}

fn visit(browser: &Browser, name: &str, folder: &Path) -> Site {
    // Each has an address of its own, or they would share what a page keeps in the browser, the chosen theme above all.
    let server = Server::start(name, folder);
    let address = server.site();
    let tab = Sight::open(browser);
    let files = pages(folder);
    let mut narrow: BTreeMap<String, Seen> = BTreeMap::new();
    tab.resize(WIDTHS[1], 844);
    for file in &files {
        narrow.insert(file.clone(), tab.look(&format!("{address}{file}")));
    }
    tab.resize(WIDTHS[0], 900);
    let mut pages = BTreeMap::new();
    for (file, narrow) in narrow {
        let wide = tab.look(&format!("{address}{file}"));
        pages.insert(file, Page { wide, narrow });
    }
    screenshots::take(&tab, name, &address, files.iter());
    let hits = search::run(&tab, name, &address);
    Site { address, folder: folder.to_owned(), pages, hits, refused: server.refused() }
}

/// Every page of a site, relative to its folder. What mdBook makes for other purposes is left out: `toc.html` stands in a frame
/// where there are no scripts, `404.html` is served at any address.
fn pages(folder: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                out.push(path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    out.retain(|page| page != "toc.html" && page != "404.html");
    out.sort();
    out
}

/// A tab with the probe in it.
pub(super) struct Sight {
    tab: Arc<Tab>,
    /// What the browser itself logs: requests that fail, what it blocks.
    log: Arc<Mutex<Vec<String>>>,
}

impl Sight {
    fn open(browser: &Browser) -> Self {
        let tab = browser.new_tab().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&log);
        tab.enable_log().unwrap();
        tab.add_event_listener(Arc::new(move |event: &Event| {
            if let Event::LogEntryAdded(event) = event {
                let entry = &event.params.entry;
                if matches!(entry.level, Log::LogEntryLevel::Error | Log::LogEntryLevel::Warning) {
                    sink.lock().unwrap().push(format!("browser: {} {}", entry.text, entry.url.as_deref().unwrap_or("")));
                }
            }
        }))
        .unwrap();
        tab.call_method(PageDomain::AddScriptToEvaluateOnNewDocument {
            source: include_str!("probe.js").to_owned(),
            world_name: None,
            include_command_line_api: None,
            run_immediately: None,
        })
        .unwrap();
        Self { tab, log }
    }

    /// Makes the window a desk's or a phone's.
    pub(super) fn resize(&self, width: u32, height: u32) {
        self.tab
            .call_method(Emulation::SetDeviceMetricsOverride {
                width,
                height,
                device_scale_factor: 1.0,
                mobile: width < 600,
                scale: None,
                screen_width: None,
                screen_height: None,
                position_x: None,
                position_y: None,
                dont_set_visible_size: None,
                screen_orientation: None,
                viewport: None,
                display_feature: None,
                device_posture: None,
            })
            .unwrap();
    }

    /// Opens a page and waits until it has taken the place of the one before, which may have the same address.
    pub(super) fn go(&self, url: &str) {
        self.ask("window.__left = 'left'");
        self.tab.navigate_to(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let deadline = Instant::now() + Duration::from_secs(60);
        let is_there = "String(!window.__left && !!window.__measure && location.href)";
        // Between the two pages there is nobody to ask.
        while self.tab.evaluate(is_there, false).ok().and_then(|answer| answer.value).as_ref().and_then(|value| value.as_str()) != Some(url)
        {
            assert!(Instant::now() < deadline, "{url} does not open");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What a script answers, once its promise is kept.
    pub(super) fn ask(&self, script: &str) -> String {
        let answer = self.tab.evaluate(script, true).unwrap_or_else(|error| panic!("{script}: {error}"));
        match answer.value {
            Some(serde_json::Value::String(text)) => text,
            _ => panic!("{script}: {}", answer.description.unwrap_or_default()),
        }
    }

    /// Opens a page and looks at it.
    fn look(&self, url: &str) -> Seen {
        self.go(url);
        let themes = serde_json::to_string(&THEMES).unwrap();
        let answer = self.ask(&format!("window.__measure({themes})"));
        let mut seen: Seen = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(seen.url, url, "the page that was looked at");
        seen.faults.append(&mut self.log.lock().unwrap());
        seen
    }

    pub(super) fn tab(&self) -> &Tab {
        &self.tab
    }
}
