/** grpc-js writes of connections that fail, also after their test is over; what they fail with is asserted instead. */
process.env['GRPC_VERBOSITY'] = 'NONE';
