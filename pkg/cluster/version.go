package cluster

// AppliesServerSide reports whether objects are applied by server-side apply on a server of a version (v1.36.4).
func AppliesServerSide(version string) bool {
	c := Client{version: version}
	return c.ServerSide()
}

// ServerSide reports whether the API server does server-side apply, and so keeps managed fields.
func (c *Client) ServerSide() bool { return c.atLeast(serverSideApplyFrom) }
