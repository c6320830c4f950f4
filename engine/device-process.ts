import { withParent } from './child-port.ts';
import { deviceProber } from './models/device-probe.ts';
import { serve } from './rpc.ts';

/** The process in which a device is tried: a graphics driver that ends it costs nothing else. */
withParent((port) => serve(deviceProber(), port));
