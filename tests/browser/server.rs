//! Serves a built site on the loopback interface, below a prefix, as a host of project pages does: a link that only holds at
//! the root of a host, or only in a file system, breaks here as it would there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A running server; it ends with the process.
pub(super) struct Server {
    address: SocketAddr,
    prefix: String,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves a folder below `/<name>/`.
    pub(super) fn start(name: &str, folder: &Path) -> Self {
        let prefix = format!("/{name}/");
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let refused = Arc::new(Mutex::new(Vec::new()));
        let files = Arc::new(Files { prefix: prefix.clone(), folder: folder.to_owned(), refused: Arc::clone(&refused) });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                // A browser keeps several connections open and idle: one thread for each.
                std::thread::spawn(move || files.serve(&stream));
            }
        });
        Self { address, prefix, refused }
    }

    /// The address of the site, with `/` at its end.
    pub(super) fn site(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }

    /// What was asked for and is not there.
    pub(super) fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap().clone()
    }
}

/// What is served.
struct Files {
    prefix: String,
    folder: PathBuf,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Files {
    /// Answers every request of a connection.
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut out = stream;
        loop {
            let mut request = String::new();
            if reader.read_line(&mut request).unwrap_or(0) == 0 {
                return;
            }
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap_or(0) > 2 {
                header.clear();
            }
            let target = request.split(' ').nth(1).unwrap_or("/");
            let path = decoded(target.split(['?', '#']).next().unwrap_or(target));
            let (status, kind, body) = match self.file(&path).and_then(|file| Some((content_type(&file), std::fs::read(file).ok()?))) {
                Some((kind, body)) => ("200 OK", kind, body),
                // A browser asks for an icon of the host by itself when a page names none.
                None if path == "/favicon.ico" => ("204 No Content", "image/x-icon", Vec::new()),
                None => {
                    self.refused.lock().unwrap().push(path);
                    ("404 Not Found", "text/plain", b"not found".to_vec())
                }
            };
            // Scripts and stylesheets carry a hash in their name: the browser may keep them from page to page.
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: max-age=600\r\n\r\n");
            if out.write_all(head.as_bytes()).and_then(|()| out.write_all(&body)).is_err() {
                return;
            }
        }
    }

    /// The file of a path; a folder is its `index.html`.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let rest = path.strip_prefix(&self.prefix)?;
        if rest.split('/').any(|part| part == "..") {
            return None;
        }
        let file = self.folder.join(rest);
        Some(if rest.is_empty() || rest.ends_with('/') { file.join("index.html") } else { file }).filter(|file| file.is_file())
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, more @ ..] = rest {
        let code = more.get(..2).filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
