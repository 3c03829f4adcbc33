package diagnose

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
)

// missingPermission is what programs log of an answer that forbids something.
const missingPermission = `(\S+ is forbidden: User "[^"]+" cannot [^"\n]+"[^"\n]*"[^\n]*)`

// trustRemedy is the remedy for a certificate that is refused.
const trustRemedy = "have the certificate signed by an authority that the addon knows (for kubelets: serverTLSBootstrap), or let the addon accept any"

// readyPodRules are about pods that are ready, and say in their logs what keeps them from their work. They are tried for rows
// of probes whose suspects are all ready. Their signs are messages of kube-proxy (Kubernetes, pkg/proxy), CoreDNS
// (plugin/errors) and metrics-server; klog quotes an error, or indents it below the message where it has several lines.
var readyPodRules = []rule{
	{"certificate", scrapeFailure(`x509: `, "container %s does not trust the certificate of the kubelet of node %s: %s", trustRemedy)},
	{"kubelet-unreachable", scrapeFailure(``, "container %s does not reach the kubelet of node %s: %s", reachKubeletsRemedy)},
	{"proxy-rules", matchRule(logText, `"(?:Failed to execute iptables-restore|nftables sync failed)" err=(?:"((?:[^"\\]|\\.)*)"|<\n((?:\t.*\n)+))`, neverTerminal,
		"kube-proxy of node {node} cannot write its rules: $1$2", "install the program, library or kernel module that the message names")},
	{"dns-upstream", matchRule(logTextFor("dns-outside"), `plugin/errors: \d+ \S+ \S+: (?:\S+ )*(?:\S+->)?(\S+:53): (.+)`, neverTerminal,
		"CoreDNS gets no answer from the resolver $1: $2", "let the nodes reach that resolver, or forward to another one (Corefile, or resolv.conf of the nodes)")},
	{"rights-missing", matchRule(logTextFor("ingress-route"), missingPermission, neverTerminal, "the addon is missing an RBAC permission: $1", "run fitout apply, which restores its roles")},
}

const reachKubeletsRemedy = "let pods reach port 10250 of the nodes (firewall, security group), and see whether the kubelet runs there"

// logTextFor is the log of a container, for rows of one check.
func logTextFor(check string) source {
	return func(p subject) string {
		if p.row.Check != check {
			return ""
		}
		return logText(p)
	}
}

// scrapes are what metrics-server logs of a kubelet that it gets nothing from (pkg/scraper): why, and which node.
var scrapes = regexp.MustCompile(`"Failed to scrape node[^"]*" err="((?:[^"\\]|\\.)*)" node="([^"]+)"`)

// scrapeFailure matches kubelets that metrics-server gets nothing from: of a row about nodes, those that the row is about. means
// takes the container, the node and why.
func scrapeFailure(sign, means, remedy string) func(subject) (match, bool) {
	why := regexp.MustCompile(`(?:Get \\"[^"]*\\": )?(.*` + sign + `.*)`)
	return func(p subject) (match, bool) {
		for _, m := range slices.Backward(scrapes.FindAllStringSubmatch(logText(p), -1)) {
			text := why.FindStringSubmatch(m[1])
			if text == nil || p.row.Trail != nil && !slices.Contains(check.DestinationNodes(p.row.Trail.Failed), m[2]) {
				continue
			}
			return match{fmt.Sprintf(means, p.container.Name, m[2], text[1]), remedy, neverTerminal}, true
		}
		return match{}, false
	}
}
