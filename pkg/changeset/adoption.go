package changeset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

const (
	adoptRemedy  = "run again with --adopt to take these objects over, with --conflicts keep to leave the fields that they have otherwise, or disable the addon"
	acceptRemedy = "these settings are lost: move them into the cluster file (fitout adopt --print writes one), or accept the loss by naming the objects with --accept-loss, or all"
)

// adoption is about an object that another tool installed. It is taken over only if the user says so, and what that would
// take away is accepted by name; without --adopt it is refused as soon as it has a field of its own value.
func adoption(d *decider, c *Change) {
	c.Installer = fieldowner.Installer(c.Live)
	switch {
	case c.Installer == "":
	case d.Adopt:
		c.Action, c.Reason = Adopt, "installed by "+c.Installer
		if d.Lost != nil {
			c.Lost = d.Lost(c.Addon, c.Wanted, c.Live)
		}
		if len(c.Lost) > 0 && !d.Accept.Has(c.ID) && !slices.Contains(d.Accept, "all") {
			for _, line := range c.Lost {
				c.Refusals = append(c.Refusals, Refusal{Object: c.ID, Reason: line, Remedy: acceptRemedy})
			}
		}
	case c.Policy == Fail:
		if own := outsideMetadata(c.Fields); len(own) > 0 {
			c.Refusals = append(c.Refusals, Refusal{Object: c.ID, Reason: fmt.Sprintf("installed by %s; %s", c.Installer, told(*c, own, 0)), Remedy: adoptRemedy})
		}
	}
}

// outsideMetadata returns the differences in fields that are there, other than labels and annotations.
func outsideMetadata(fields []objectdiff.Difference) []objectdiff.Difference {
	var own []objectdiff.Difference
	for _, f := range fields {
		if f.Got != nil && !strings.HasPrefix(f.Path, "metadata.") {
			own = append(own, f)
		}
	}
	return own
}
