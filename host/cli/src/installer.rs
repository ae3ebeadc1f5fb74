//! Installs packages that were handed in on the desk, as `posthouse plugin install` does.

use crate::commands::tenant::check_plugins;
use crate::setup::Source;
use crate::setup::components::Component;
use crate::setup::folder::Folder;
use crate::setup::host::HostConfig;
use async_trait::async_trait;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_package::Package;
use posthouse_pipeline::life::install::{Installer, Prepared};
use posthouse_sandbox::Sandbox;
use posthouse_store::NewRelease;

/// With this host's ceiling and sandbox.
pub struct DeskInstaller {
    host: HostConfig,
    sandbox: Sandbox,
}

impl DeskInstaller {
    /// For a host.
    #[must_use]
    pub fn new(host: HostConfig, sandbox: Sandbox) -> Self {
        Self { host, sandbox }
    }
}

#[async_trait]
impl Installer for DeskInstaller {
    async fn prepare(&self, tenant: &TenantConfig, file: &str, content: &[u8]) -> Result<Prepared, String> {
        let package = Package::read(content).map_err(|error| format!("{file} is no package: {error}"))?;
        let component = Component::of_package(file.into(), package);
        let (name, bytes) = (component.plugin_name().unwrap_or_default(), component.bytes.clone());
        let mut plugin = match tenant.plugin(&name) {
            Some(plugin) => plugin.clone(),
            None => PluginConfig::new(&name, None),
        };
        plugin.component = Some(file.to_owned());
        let folder = alone(tenant.clone(), plugin, component);
        let plugins = check_plugins(&folder, &self.host, &self.sandbox).await.map_err(|problems| {
            let words: Vec<String> = problems
                .into_iter()
                .map(|p| if p.mend.is_empty() { p.what } else { format!("{} ({})", p.what, p.mend) })
                .collect();
            words.join("; ")
        })?;
        let plugin = plugins.into_iter().next().ok_or("there is nothing to install")?;
        let allowance = folder.config.plugins.into_iter().next().map(|config| config.grants);
        Ok(Prepared { release: NewRelease { allowance, source: file.to_owned(), plugin }, component: bytes })
    }
}

/// A set-up of one plugin.
pub(crate) fn alone(mut config: TenantConfig, plugin: PluginConfig, component: Component) -> Folder {
    config.plugins = vec![plugin];
    Folder { source: Source::new("", ""), config, articles: Vec::new(), components: vec![component] }
}
