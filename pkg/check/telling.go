package check

import (
	"fmt"
	"regexp"
	"slices"
)

// telling are about pods that are ready, and say in their logs what keeps them from their work. They are tried for rows
// of probes whose suspects all are ready. Their signs are messages of kube-proxy (Kubernetes, pkg/proxy), CoreDNS
// (plugin/errors) and metrics-server; klog quotes an error, or indents it below the message where it has several lines.
var telling = []diagnosis{
	{"certificate", scraping(`x509: `, "container %s does not trust the certificate of the kubelet of node %s: %s", trust)},
	{"kubelet-unreachable", scraping(``, "container %s does not reach the kubelet of node %s: %s", reachKubelets)},
	{"proxy-rules", says(told, `"(?:Failed to execute iptables-restore|nftables sync failed)" err=(?:"((?:[^"\\]|\\.)*)"|<\n((?:\t.*\n)+))`, may,
		"kube-proxy of node {node} cannot write its rules: $1$2", "give the node what the message names: a program, a library or a kernel module")},
	{"dns-upstream", says(toldFor("dns-outside"), `plugin/errors: \d+ \S+ \S+: (?:\S+ )*(?:\S+->)?(\S+:53): (.+)`, may,
		"CoreDNS gets no answer from the resolver $1: $2", "let the nodes reach that resolver, or forward to another one (Corefile, or resolv.conf of the nodes)")},
	{"rights-missing", says(toldFor("ingress-route"), lacksRight, may, "the addon lacks a right: $1", "run fitout apply, which restores its roles")},
}

const reachKubelets = "let pods reach port 10250 of the nodes (firewall, security group), and see whether the kubelet runs there"

// toldFor is what a container told, where it matters for the row.
func toldFor(check string) source {
	return func(p patient) string {
		if p.row.Check != check {
			return ""
		}
		return told(p)
	}
}

// scrapes are what metrics-server logs of a kubelet that it gets nothing from (pkg/scraper): why, and which node.
var scrapes = regexp.MustCompile(`"Failed to scrape node[^"]*" err="((?:[^"\\]|\\.)*)" node="([^"]+)"`)

// scraping knows kubelets that metrics-server gets nothing from: of a row about nodes, those that the row is about. means
// takes the container, the node and why.
func scraping(sign, means, remedy string) func(patient) (conclusion, bool) {
	why := regexp.MustCompile(`(?:Get \\"[^"]*\\": )?(.*` + sign + `.*)`)
	return func(p patient) (conclusion, bool) {
		for _, m := range slices.Backward(scrapes.FindAllStringSubmatch(told(p), -1)) {
			text := why.FindStringSubmatch(m[1])
			if text == nil || p.row.Trail != nil && !slices.Contains(endsOf(p.row.Trail.legs), m[2]) {
				continue
			}
			return conclusion{fmt.Sprintf(means, p.container.Name, m[2], text[1]), remedy, may}, true
		}
		return conclusion{}, false
	}
}
