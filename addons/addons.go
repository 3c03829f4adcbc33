// Package addons embeds the addons: a folder each, with addon.yaml and a Helm chart per upstream line.
package addons

import "embed"

// FS holds the folders. The prefix all: keeps _helpers.tpl, which a plain pattern drops.
//
//go:embed all:*
var FS embed.FS
