//! The demo's chat group: an endpoint on this machine that the bundled Feishu notifier posts to, shown in the terminal.

use crate::failure::{Failure, Result};
use crate::open::Context;
use crate::output::{safe, short};
use crate::post;
use crate::setup::folder::Folder;
use posthouse_model::capability::{Grants, HttpAllowance};
use posthouse_model::config::PluginConfig;
use posthouse_model::limits::Limits;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// Name of the notifier that the demo adds to each shop.
const NOTIFIER: &str = "demo-group";
/// The secret that the Feishu notifier wants; the demo's group takes any value.
pub const TOKEN: &str = "feishu_token";

/// The group.
pub struct Group {
    address: SocketAddr,
    /// Cards are printed while the mails go through, and after that only counted by the desk.
    shows: Arc<AtomicBool>,
}

impl Group {
    /// Listens beside the desk, on the next port where that is free, so that a second start changes nothing in the
    /// shops' set-up.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(desk: SocketAddr) -> Result<Self> {
        let beside = SocketAddr::from(([127, 0, 0, 1], desk.port().wrapping_add(1)));
        let listener = match TcpListener::bind(beside).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("127.0.0.1:0").await?,
        };
        let address = listener.local_addr()?;
        let shows = Arc::new(AtomicBool::new(true));
        tokio::spawn({
            let shows = Arc::clone(&shows);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shows = Arc::clone(&shows);
                    tokio::spawn(async move { serve(stream, &shows).await });
                }
            }
        });
        Ok(Self { address, shows })
    }

    /// Adds the notifier to a shop's set-up, as the one that is told by default.
    ///
    /// # Errors
    /// The bundled notifier is not there.
    pub fn join(&self, folder: &mut Folder, context: &Context) -> Result<()> {
        let settings = json!({ "base_url": format!("http://{}", self.address), "sign": null });
        let Value::Object(settings) = settings else { return Err(Failure::new("the group's settings are no object")) };
        let host = self.address.ip().to_string();
        let allowance = HttpAllowance {
            host: host.clone(),
            port: Some(self.address.port()),
            scheme: "http".to_owned(),
            methods: vec!["POST".to_owned()],
            private: true,
        };
        let plugin = PluginConfig {
            name: NOTIFIER.to_owned(),
            component: Some("notifier-feishu".to_owned()),
            enabled: true,
            language: None,
            settings,
            settings_file: None,
            templates_folder: None,
            grants: Grants {
                http: vec![allowance],
                secrets: BTreeMap::from([(TOKEN.to_owned(), vec![host])]),
                ..Grants::default()
            },
            limits: Limits::default(),
        };
        let finder = context.finder(None);
        folder.components.push(finder.find(plugin.component(), Path::new("."))?);
        folder.config.plugins.push(plugin);
        folder.config.notify.notifiers = vec![NOTIFIER.to_owned()];
        Ok(())
    }

    /// From now on cards are not printed.
    pub fn rest(&self) {
        self.shows.store(false, Ordering::Relaxed);
    }
}

async fn serve(mut stream: TcpStream, shows: &AtomicBool) {
    let mut buffer = Vec::new();
    while let Some(posted) = post::next(&mut stream, &mut buffer).await {
        if shows.load(Ordering::Relaxed)
            && let Ok(card) = serde_json::from_slice::<Value>(&posted.body)
        {
            let title = card["card"]["header"]["title"]["content"].as_str().unwrap_or("…");
            eprintln!("  chat  {}", short(&safe(title), 100));
        }
        if post::answer(&mut stream, 200, r#"{"code":0,"msg":"success","data":{}}"#).await.is_err() {
            return;
        }
    }
}
