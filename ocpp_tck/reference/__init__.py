"""The embedded products: a charging station and a CSMS that are conformant by construction.

They are what `ocpp-tck demo` and the project's own tests certify. They stand apart on purpose:
built on the `ocpp` library and `websockets`, they import nothing of `ocpp_tck` outside this
package, so that a misreading of the specification here and one in the kit do not hide each other.
"""
