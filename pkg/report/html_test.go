package report_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/footprint"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

var update = flag.Bool("update", false, "rewrite golden files and the schema")

// probed is the account of a check with probes on three nodes, of which one is in trouble.
func probed() *report.Report {
	r := checked()
	r.Time = time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	on := func(a, b, c check.Verdict) []check.NodeResult {
		return []check.NodeResult{
			{Node: "node-3", Verdict: c, Detail: "2 of 4 good; to net on node-1: no answer within 867ms"},
			{Node: "node-1", Verdict: a, Detail: "4 of 4 good"}, {Node: "node-2", Verdict: b, Detail: "4 of 4 good"},
		}
	}
	r.Checks = append(r.Checks,
		check.Row{Addon: "net", Check: "pod-network", Verdict: check.Degraded, Detail: "10 of 12 good (same node 3/3, across nodes 7/9); node-3 to peer-x on node-1 (100.64.0.7): no answer within 867ms", Remedy: "a firewall drops the tunnel", Nodes: on(check.Good, check.Good, check.Degraded)},
		check.Row{Addon: "net", Check: "service-network", Verdict: check.Good, Detail: "3 of 3 good, slowest 2ms", Nodes: on(check.Good, check.Good, check.Good)[1:]},
		check.Row{Addon: "net", Check: "agent-status", Verdict: check.Degraded, Detail: "1 of 3 agents are well; node-2 says: KVStore: Failure gone", Remedy: "the agent is ill", Nodes: []check.NodeResult{
			{Node: "node-1", Verdict: check.Good, Detail: "is well", Says: "KVStore: Ok\nCilium:  Ok   1.20.2\n"},
			{Node: "node-2", Verdict: check.Degraded, Detail: "says: Hubble: Warning", Says: "KVStore: Ok\nHubble:  Warning\n"},
			{Node: "node-3", Verdict: check.Failed, Detail: "says: KVStore: Failure gone", Says: "KVStore:   Failure   <gone>\n  a\tb   \n"},
		}},
		check.Row{Addon: "dns", Check: "dns-service", Verdict: check.Failed, Detail: "0 of 6 good", Remedy: "CoreDNS does not run", Nodes: on(check.Failed, check.Failed, check.Unknown),
			Digest: &check.Digest{Cause: "dns-loop", Explanation: "CoreDNS asks itself", Object: "Deployment kube-system/coredns", Log: []string{"Loop <detected>"}}},
	)
	r.Waves = append(r.Waves, report.Wave{Name: "network", Without: []string{"DaemonSet kube-system/net 2/3, node <c> is out"}})
	r.Skipped, r.Warnings = []string{"dns/dns-pods", "dns/dns-outside"}, []string{"traefik is untested"}
	r.Findings = []clusterfile.Finding{{Field: "cni", Value: "cilium", Source: "default", Assumed: true}, {Field: "network.podCIDR", Value: "100.64.0.0/15", Source: "--cluster-cidr"}}
	r.Footprint = &footprint.Footprint{
		Nodes: 3, Node: footprint.Node{Size: "node-2", Architecture: "amd64", Capacity: amount("2", "2Gi"), Allocatable: amount("2", "1948Mi")},
		EachNode: footprint.Share{Requests: amount("350m", "612Mi")}, Cluster: footprint.Share{Requests: amount("1250m", "6000Mi")},
	}
	return r
}

func amount(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

func TestHTML(t *testing.T) {
	golden := filepath.Join("testdata", "report.html")
	got := printed(t, report.HTML, probed())
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("make update rewrites it: %s", diff)
	}
}

// hostile is a report whose every text tries to become a part of the page.
func hostile() *report.Report {
	const evil = `"><script src="https://example.org/x.js"></script><img src=//example.org/x onerror=alert(1)><style>@import url(http://example.org/x)</style>`
	r := probed()
	r.Cluster, r.Kubernetes, r.Bundle, r.Digest, r.Error, r.Warnings, r.Skipped = evil, evil, evil, evil, evil, []string{evil}, []string{evil}
	for i := range r.Checks {
		r.Checks[i].Addon, r.Checks[i].Check, r.Checks[i].Detail, r.Checks[i].Remedy = evil, evil, evil, evil
		for j := range r.Checks[i].Nodes {
			r.Checks[i].Nodes[j].Node, r.Checks[i].Nodes[j].Detail, r.Checks[i].Nodes[j].Says = evil, evil, evil
		}
	}
	r.Findings = []clusterfile.Finding{{Field: evil, Value: evil, Source: evil}}
	r.Footprint.Node.Size = evil
	return r
}

// wordy is a report with words that are longer than a line.
func wordy() *report.Report {
	r := probed()
	r.Digest, r.Error = "sha256:"+strings.Repeat("0123456789abcdef", 4), strings.Repeat("long", 100)
	for i := range r.Checks {
		r.Checks[i].Detail += " " + strings.Repeat("word", 50)
		for j := range r.Checks[i].Nodes {
			r.Checks[i].Nodes[j].Node += "." + strings.Repeat("example.", 20)
		}
	}
	return r
}

// The page loads nothing and runs nothing, whatever it tells of.
func TestHTMLIsSelfContained(t *testing.T) {
	for name, r := range map[string]*report.Report{"ordinary": probed(), "hostile": hostile(), "nothing": empty(check.Good)} {
		if found := loads(t, printed(t, report.HTML, r)); len(found) > 0 {
			t.Errorf("%s: the page has %q", name, found)
		}
	}
	for _, bad := range []string{`<img src="x.png">`, `<link rel="stylesheet" href="https://e.org/x.css">`, `<style>a { background: url(http://e.org/x) }</style>`, `<p style="background:url(x)">`, `<p onclick="x()">`, `<script>x()</script>`} {
		if len(loads(t, bad)) == 0 {
			t.Errorf("%s is not found", bad)
		}
	}
}

var loading = regexp.MustCompile(`(?i)url\s*\(|@import|https?:`)

// loads lists what in a page loads or runs something.
func loads(t *testing.T, page string) (found []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data == "style" && loading.MatchString(n.Data):
			found = append(found, n.Data)
		case n.Type == html.ElementNode && strings.Contains(" script link img iframe object embed base audio video svg form ", " "+n.Data+" "):
			found = append(found, "<"+n.Data+">")
		}
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "href" || strings.HasPrefix(a.Key, "on") || a.Key == "style" && loading.MatchString(a.Val) {
				found = append(found, a.Key+"="+a.Val)
			}
		}
	}
	return found
}

// Chromium shows the page at the widths of a desk and of a telephone, in light and dark, without scrolling sideways. With
// FITOUT_SCREENSHOTS the pictures are left in that folder.
func TestHTMLInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium to look at the page with; Debian's package chromium has one")
	}
	dir := os.Getenv("FITOUT_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	page := printed(t, report.HTML, probed())
	for name, test := range map[string]struct{ page, size, dark string }{
		"1280-light": {page, "1280,1700", "--blink-settings=preferredColorScheme=1"},
		"1280-dark":  {page, "1280,1700", "--blink-settings=preferredColorScheme=0"},
		"400-light":  {framed(page, 400), "800,2600", "--blink-settings=preferredColorScheme=1"},
		"400-dark":   {framed(page, 400), "800,2600", "--blink-settings=preferredColorScheme=0"},
	} {
		file, picture := filepath.Join(dir, name+".html"), filepath.Join(dir, name+".png")
		if err := os.WriteFile(file, []byte(test.page), 0o644); err != nil {
			t.Fatal(err)
		}
		chrome(t, chromium, test.dark, "--window-size="+test.size, "--screenshot="+picture, "file://"+file)
		if info, err := os.Stat(picture); err != nil || info.Size() < 20_000 {
			t.Errorf("%s: there is no picture, or an empty one: %v", name, err)
		}
	}
	for _, width := range []int{400, 1280} {
		for name, r := range map[string]*report.Report{"ordinary": probed(), "with long words": wordy()} {
			file := filepath.Join(dir, "measured.html")
			if err := os.WriteFile(file, []byte(measured(printed(t, report.HTML, r), width)), 0o644); err != nil {
				t.Fatal(err)
			}
			dom := chrome(t, chromium, "--window-size=1400,2000", "--dump-dom", "file://"+file)
			if !strings.Contains(dom, "measured: fits") {
				t.Errorf("%s at %d px is wider than its window: %s", name, width, dom[:min(len(dom), 300)])
			}
		}
	}
}

// framed puts a page into a frame of a width: windows of Chromium have a least width.
func framed(page string, width int) string {
	return `<meta name="color-scheme" content="light dark"><iframe style="border:0;width:` + strconv.Itoa(width) + `px;height:2500px" srcdoc="` + html.EscapeString(page) + `"></iframe>`
}

// measured is a frame that says whether its page fits.
func measured(page string, width int) string {
	return framed(page, width) + `<p id="m"></p><script>addEventListener("load", () => {
const d = document.querySelector("iframe").contentDocument.documentElement
m.textContent = "measured: " + (d.scrollWidth <= d.clientWidth && d.querySelector("h1") ? "fits" : d.scrollWidth + " of " + d.clientWidth) })</script>`
}

func chrome(t *testing.T, program string, args ...string) string {
	t.Helper()
	args = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--user-data-dir=" + t.TempDir()}, args...)
	cmd := exec.CommandContext(t.Context(), program, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}
