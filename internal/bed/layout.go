package bed

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

const (
	loopback     = "127.0.0.1"
	serviceCIDR  = "10.32.0.0/20"
	apiServiceIP = "10.32.0.1" // the first address of serviceCIDR: the service "kubernetes"
	podCIDR      = "100.64.0.0/15"
)

// A layout is where everything of one bed is: its minor, its folder, its
// ports. The flags of the components follow from it.
type layout struct {
	minor int    // 36
	dir   string // absolute
	ports ports
}

type ports struct{ etcd, etcdPeer, apiserver, controllers, scheduler, kwok int }

func (l layout) path(elements ...string) string {
	return filepath.Join(append([]string{l.dir}, elements...)...)
}

func (l layout) pki(name string) string { return l.path("pki", name) }

// kubeconfig is the kubeconfig of a user of the bed. The admin's has the name
// that people expect.
func (l layout) kubeconfig(user string) string {
	if user == admin {
		return l.path("kubeconfig")
	}
	return l.path("conf", user+".kubeconfig")
}

func (l layout) server() string { return "https://" + address(l.ports.apiserver) }

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

const admin = "admin"

// write makes the folder with all files that the components start from.
func (l layout) write(keys *pki) error {
	for _, name := range []string{"pki", "conf", "logs", "etcd"} {
		if err := os.MkdirAll(l.path(name), 0o700); err != nil {
			return err
		}
	}
	if err := keys.write(l.path("pki")); err != nil {
		return err
	}
	for user, pair := range map[string]keyPair{
		admin:             keys.admin,
		ControllerManager: keys.controllers,
		Scheduler:         keys.schedule,
	} {
		text := kubeconfig(l.server(), keys.ca.cert, user, pair)
		if err := os.WriteFile(l.kubeconfig(user), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(l.path("egress.yaml"), []byte(egress(l.path("nothing-listens-here"))), 0o600)
}

// kubeconfig returns a kubeconfig with its certificates inside, so that it can
// be copied elsewhere.
func kubeconfig(server string, ca []byte, user string, pair keyPair) string {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: bed
clusters:
- name: bed
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    client-certificate-data: %s
    client-key-data: %s
contexts:
- name: bed
  context:
    cluster: bed
    user: %[3]s
`, server, encode(ca), user, encode(pair.cert), encode(pair.key))
}

// egress is an EgressSelectorConfiguration that sends what the API server
// would send to pods, services and kubelets (webhooks, aggregated APIs, logs)
// to a socket where nothing listens. The pods are simulated: their addresses
// may belong to somebody else, and a refusal is quicker than a time-out.
func egress(socket string) string {
	return fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: %s
`, socket)
}

// freePorts picks ports that nothing listens on. They are below the range from
// which the kernel takes the local ports of connections (32768 and up), or a
// busy machine takes one before its component has it.
func freePorts() (ports, error) {
	var p ports
	taken := map[int]bool{}
	for _, port := range []*int{&p.etcd, &p.etcdPeer, &p.apiserver, &p.controllers, &p.scheduler, &p.kwok} {
		for try := 0; *port == 0; try++ {
			if try == 1000 {
				return p, fmt.Errorf("no free port between 20000 and 32000 on %s: stop what listens there", loopback)
			}
			candidate := 20000 + rand.IntN(12000)
			listener, err := net.Listen("tcp", address(candidate))
			if err != nil || taken[candidate] {
				continue
			}
			listener.Close()
			*port, taken[candidate] = candidate, true
		}
	}
	return p, nil
}
