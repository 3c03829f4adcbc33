package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// allText is all that was said of a pod.
func allText(p subject) string {
	text := logText(p) + "\n" + printable.OneLine(p.waits().Message)
	for _, e := range p.events() {
		text += "\n" + printable.OneLine(e.Message)
	}
	return text
}

// logError is why the log cannot be read: the API server asks the kubelet for it.
func logError(p subject) string { return p.log().Error }

// crashLog is the log of a container that has crashed.
func crashLog(p subject) string {
	if p.crashes() {
		return logText(p)
	}
	return ""
}

// outOfMemory matches containers that took more memory than they may.
func outOfMemory(p subject) (match, bool) {
	ended := p.ended()
	if ended == nil || ended.Reason != "OOMKilled" {
		return match{}, false
	}
	limit := "the node's memory"
	for _, c := range append(p.pod.Spec.InitContainers, p.pod.Spec.Containers...) {
		if q, ok := c.Resources.Limits[corev1.ResourceMemory]; ok && c.Name == p.container.Name {
			limit = "its limit of " + q.String()
		}
	}
	return match{
		explanation: fmt.Sprintf("container %s was killed since it took more memory than %s%s", p.container.Name, limit, again(p.container.RestartCount)),
		remedy:      "raise the memory limit of the addon",
		after:       p.terminalAfter(),
	}, true
}

// killedByLiveness matches containers that the kubelet ends since they do not answer.
func killedByLiveness(p subject) (match, bool) {
	ended := p.ended()
	if ended == nil || ended.ExitCode != 137 && ended.ExitCode != 143 && ended.ExitCode != 2 {
		return match{}, false
	}
	return matchRule(eventsWith("Unhealthy"), `Liveness probe (?:failed|errored)[^:]*: (.+)`, neverTerminal,
		"the kubelet restarts container {container}, which does not answer: $1", "see what the container did in its log")(p)
}

// crashLoop matches containers that end with an error.
func crashLoop(p subject) (match, bool) {
	if !p.crashes() {
		return match{}, false
	}
	means := fmt.Sprintf("container %s ends with exit code %d (%s)%s", p.container.Name, p.ended().ExitCode, p.ended().Reason, again(p.container.RestartCount))
	if words := lastWords(logTail(logText(p))); words != "" {
		means += ": " + words
	}
	return match{means, "see its log", p.terminalAfter()}, true
}

// complaint is how lines of a log that tell of a failure read.
var complaint = regexp.MustCompile(`(?i)\b(?:error|fatal|panic|fail|failed|failure|unknown|invalid|cannot|unable|denied|refused|forbidden|not found|no such)\b`)

// lastWords returns the last line of a log that tells of a failure, or the last of all: what a program writes to its two
// outputs may stand in any order.
func lastWords(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if complaint.MatchString(l) {
			return l
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// terminalAfter is for how long a crash must last: after three restarts, waiting alone does not help.
func (p subject) terminalAfter() time.Duration {
	if p.waits().Reason == "CrashLoopBackOff" && p.container.RestartCount >= 3 {
		return terminalAfter10s
	}
	return neverTerminal
}

func again(restarts int32) string {
	if restarts == 0 {
		return ""
	}
	return fmt.Sprintf(", restarted %d times", restarts)
}
