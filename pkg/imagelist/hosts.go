package imagelist

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"sigs.k8s.io/yaml"
)

// A Host is a registry of images and the mirror that container runtimes ask first.
type Host struct {
	Registry string // registry.k8s.io
	Mirror   string // registry.example.com:5000
	Path     string // below the mirror: k8s; "" for none
}

// Hosts are the registries of a list that the mirrors have, in order. The error names a mirror of a part of a registry alone: container
// runtimes are told of mirrors by registry.
func Hosts(l *List, mirrors image.Mirrors) ([]Host, error) {
	var all []Host
	for _, i := range l.Images {
		at, elsewhere := mirrors.For(i.Reference)
		if !elsewhere {
			continue
		}
		path, ok := strings.CutSuffix(at.Path, i.Reference.Path)
		if !ok {
			return nil, fmt.Errorf("the mirror %s has %s below a path that container runtimes cannot be told of; give a mirror of the whole registry %s", at.Registry, i.Reference, i.Reference.Registry)
		}
		h := Host{Registry: i.Reference.Registry, Mirror: at.Registry, Path: strings.Trim(path, "/")}
		at2 := slices.IndexFunc(all, func(other Host) bool { return other.Registry == h.Registry })
		switch {
		case at2 < 0:
			all = append(all, h)
		case all[at2] != h:
			return nil, fmt.Errorf("images of %s come from %s/%s and from %s/%s; container runtimes are told of one place for each registry", h.Registry, all[at2].Mirror, all[at2].Path, h.Mirror, h.Path)
		}
	}
	return all, nil
}

// HostsTOML writes the files of containerd's folder of hosts (containerd, docs/hosts.md): each after a line with its name.
func HostsTOML(w io.Writer, hosts []Host) error {
	for n, h := range hosts {
		if n > 0 {
			printable.Fprintln(w)
		}
		server := h.Registry
		if server == "docker.io" {
			server = "registry-1.docker.io" // whose name it is for the API
		}
		path := "/v2"
		if h.Path != "" {
			path += "/" + h.Path
		}
		if _, err := printable.Fprintf(w, "# /etc/containerd/certs.d/%s/hosts.toml\nserver = \"https://%s\"\n\n[host.\"https://%s%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", h.Registry, server, h.Mirror, path); err != nil {
			return err
		}
		if h.Path != "" {
			if _, err := printable.Fprintln(w, "  override_path = true"); err != nil {
				return err
			}
		}
	}
	return nil
}

// RegistriesYAML writes the file of k3s and RKE2 (their documentation, "Private Registry Configuration").
func RegistriesYAML(w io.Writer, hosts []Host) error {
	mirrors := map[string]any{}
	for _, h := range hosts {
		mirror := map[string]any{"endpoint": []string{"https://" + h.Mirror}}
		if h.Path != "" {
			mirror["rewrite"] = map[string]string{"^(.*)$": h.Path + "/$1"}
		}
		mirrors[h.Registry] = mirror
	}
	text, err := yaml.Marshal(map[string]any{"mirrors": mirrors})
	if err != nil {
		return err
	}
	_, err = w.Write(append([]byte("# /etc/rancher/k3s/registries.yaml, or /etc/rancher/rke2/registries.yaml\n"), text...))
	return err
}
