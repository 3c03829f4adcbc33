// Package probe is what Fitout tries a cluster with, from inside: tasks and results as data, the primitives that carry a
// task out, the server that peers ask, and the objects that bring both into a cluster. What a result means is the
// business of package check.
package probe

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Kind is what a task does.
type Kind string

// The kinds.
const (
	DNS  Kind = "dns"  // asks a server for a name
	TCP  Kind = "tcp"  // opens a connection
	HTTP Kind = "http" // gets a page
	TLS  Kind = "tls"  // shakes hands
	Echo Kind = "echo" // sends bytes to the echo port of a peer and wants them back
	// These two are of a volume and no address.
	Write Kind = "write" // writes a file and waits until it is on the disk
	Take  Kind = "take"  // wants a file to hold what was written, and removes it
)

// A Task is one question to one address, or of one file.
type Task struct {
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"`
	Network string `json:"network,omitempty"` // dns and echo: udp or tcp
	Address string `json:"address"`           // IP address or host name
	Port    int    `json:"port"`
	Name    string `json:"name,omitempty"`   // dns: what is asked for; tls: the server name
	Type    string `json:"type,omitempty"`   // dns: A or AAAA; A where it is empty
	Secure  bool   `json:"secure,omitempty"` // http: over TLS. Certificates are read, not verified
	Host    string `json:"host,omitempty"`   // http: the Host header
	Path    string `json:"path,omitempty"`   // http; write and take: of the file
	Text    string `json:"text,omitempty"`   // write and take: what is in the file
	Status  int    `json:"status,omitempty"` // http: what must be answered; 0 takes any
	// Size is how many bytes an echo sends. With udp, 0 fills one packet of the interface that leads to the address; it
	// may not be fragmented.
	Size int `json:"size,omitempty"`
	// Word is what the servers of a run answer to, of an echo. It is in the environment of the pods and not in tasks.
	Word string `json:"-"`
	// Closed turns the task around: it is good where nothing answers.
	Closed bool `json:"closed,omitempty"`
	// Timeout is for all tries together; DefaultTimeout where it is 0.
	Timeout metav1.Duration `json:"timeout,omitzero"`
}

// DefaultTimeout is the time of a task that has none of its own.
const DefaultTimeout = 5 * time.Second

// WordVariable is the variable of the environment that has the word of the run: askers send it, and peers answer to it.
const WordVariable = "FITOUT_PROBE_WORD"

// WithWord returns the tasks of a run that has a word.
func WithWord(tasks []Task, word string) []Task {
	tasks = slices.Clone(tasks)
	for i := range tasks {
		tasks[i].Word = word
	}
	return tasks
}

// A Result is the outcome of a task.
type Result struct {
	ID     string          `json:"id"`
	OK     bool            `json:"ok"`
	Took   metav1.Duration `json:"took"`  // the last try
	Tries  int             `json:"tries"` // one, unless something was lost or not there yet
	Answer string          `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func (t Task) address() string { return net.JoinHostPort(t.Address, strconv.Itoa(t.Port)) }

func (t Task) timeout() time.Duration {
	if t.Timeout.Duration <= 0 {
		return DefaultTimeout
	}
	return t.Timeout.Duration
}

// validate refuses what no try can make good.
func (t Task) validate() error {
	if primitives[t.Kind] == nil {
		return fmt.Errorf("task %s: there is no kind %q; use dns, tcp, http, tls, echo, write or take", t.ID, t.Kind)
	}
	if (t.Kind == DNS || t.Kind == Echo) && t.Network != "udp" && t.Network != "tcp" {
		return fmt.Errorf("task %s: network is %q; use udp or tcp", t.ID, t.Network)
	}
	if t.Kind == Echo && t.Word == "" {
		return fmt.Errorf("task %s: there is no word that the peer answers to; set %s", t.ID, WordVariable)
	}
	if (t.Kind == Write || t.Kind == Take) && (t.Path == "" || t.Text == "") {
		return fmt.Errorf("task %s: path or text is missing; give a file and what is in it", t.ID)
	}
	return nil
}
