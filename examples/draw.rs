fn main() {
    let mut args = std::env::args().skip(1);
    let (path, out) = (args.next().unwrap(), args.next().unwrap());
    let map: statemap::model::StateMap = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    std::fs::create_dir_all(&out).unwrap();
    let mut all = vec![("overview".to_owned(), statemap::diagram::overview(&map))];
    all.extend(map.services.iter().map(|s| (s.name.to_string(), statemap::diagram::service(&map, &s.name).unwrap())));
    for (name, d) in all {
        let text = d.mermaid();
        std::fs::write(format!("{out}/{name}.mmd"), &text).unwrap();
        let t = std::time::Instant::now();
        let svg = d.svg(&name, &|t| Some(format!("#{t:?}").replace(['"', '(', ')'], "")));
        println!(
            "{name}: {} nodes {} edges {} left, {} bytes of text, svg {} in {:?}",
            d.graph().nodes.len(),
            d.graph().edges.len(),
            d.graph().left_out,
            text.len(),
            svg.as_ref().map_or_else(|e| e.to_string(), |s| s.len().to_string()),
            t.elapsed()
        );
        if let Ok(svg) = svg {
            let page = |theme: &str, bg: &str, fg: &str| {
                format!(
                    "<!doctype html><html class={theme}><meta name=viewport content='width=device-width,initial-scale=1'><body style='background:{bg};color:{fg};margin:0;--bg:{bg}'><main style='max-width:750px;margin:0 auto;padding:8px'><div style='overflow-x:auto'>{svg}</div></main>"
                )
            };
            std::fs::write(format!("{out}/{name}.light.html"), page("light", "#fff", "#000")).unwrap();
            std::fs::write(format!("{out}/{name}.navy.html"), page("navy", "#161923", "#bcbdd0")).unwrap();
            std::fs::write(format!("{out}/{name}.svg"), d.svg_file(&|_| None).unwrap()).unwrap();
        }
    }
}
