def test_an_order_from_hold_to_release(sandbox):
    offer = sandbox.offer()
    order = sandbox.buy("smoke", {offer["metadata"]["name"]: offer["spec"]["minCards"]})
    sandbox.act(order, "activate")
    sandbox.wait("smoke", "Active")
    sandbox.act(order, "release")
    assert sandbox.wait("smoke", "Released")["status"]["reserved"] == "0.00"
    sandbox.check_stock()
