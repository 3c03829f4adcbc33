package bed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Kubeconfig is the path of the admin's kubeconfig.
func (b *Bed) Kubeconfig() string { return b.layout.kubeconfig(admin) }

// Dir is the folder of the bed, with the logs in Dir/logs.
func (b *Bed) Dir() string { return b.layout.dir }

// Minor is the Kubernetes minor, as in "1.36".
func (b *Bed) Minor() string { return b.binaries.Minor }

// Version is what /version answers for gitVersion, as in "v1.36.4".
func (b *Bed) Version() string { return b.binaries.Version }

// AddNodes adds n simulated nodes, named node-1 and on where those names are
// free, and returns when all nodes are Ready and have their podCIDR.
func (b *Bed) AddNodes(ctx context.Context, n int) error {
	return addNodes(ctx, b.client, b.nodes, n)
}

// Components lists the names of the components in the order of their start.
func (b *Bed) Components() []string {
	var names []string
	for _, c := range b.components {
		names = append(names, c.name)
	}
	return names
}

// PIDs returns the process of each component that runs.
func (b *Bed) PIDs() map[string]int {
	pids := map[string]int{}
	for _, c := range b.components {
		if pid := c.pid(); pid != 0 {
			pids[c.name] = pid
		}
	}
	return pids
}

// StopComponent stops one component and leaves it stopped, for tests of
// faults. It returns when the process is gone.
func (b *Bed) StopComponent(name string) error {
	c, err := b.component(name)
	if err != nil {
		return err
	}
	return errors.Join(c.stop(), b.record())
}

// StartComponent starts a stopped component again, on its old port and data,
// and returns when it is ready. Without a deadline in ctx it may wait long.
func (b *Bed) StartComponent(ctx context.Context, name string) error {
	c, err := b.component(name)
	if err != nil {
		return err
	}
	c.start()
	return c.waitReady(ctx)
}

func (b *Bed) component(name string) (*component, error) {
	for _, c := range b.components {
		if c.name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("a bed has no component %q: it has %s", name, strings.Join(b.Components(), ", "))
}

// Stop ends the processes of the bed and waits for them. It removes the
// folder if Start made it; a second call does nothing.
func (b *Bed) Stop() error {
	err := b.down()
	if err == nil && b.temporary {
		err = os.RemoveAll(b.layout.dir)
	}
	return err
}

// down stops the components, the last started first, and gives the folder
// back with the logs in it.
func (b *Bed) down() error {
	var faults []error
	for i := len(b.components) - 1; i >= 0; i-- {
		faults = append(faults, b.components[i].stop())
	}
	b.client.close()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.release == nil {
		return nil
	}
	err := os.Remove(b.layout.path(recordFile))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	b.release()
	b.release = nil
	return err
}
